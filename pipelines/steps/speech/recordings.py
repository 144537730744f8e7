"""Recordings of any kind to one kind: 16 kHz mono FLAC, in which every position is the time a player shows.

FLAC because it loses nothing (recognition is the same as from the upload), half the size of plain samples, and can be
read from any point, so that hours are recognised in pieces without holding them in memory.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.sandbox.bounded import run_bounded
from pipelines.steps.sandbox.limits import Limits
from pipelines.steps.speech.sniff import FORMATS, sniff_media
from pipelines.steps.speech.worker import RATE

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

AUDIO_VERSION = "1"
"""Version of the decoding; raise it when the same recording gives other samples."""

_LEVEL_SAMPLES = RATE // 10
_SILENT_RMS = 33.0
"""Root mean square of 16-bit samples, -60 dBFS: below it in every tenth of a second nobody speaks near a microphone."""

_BLOCK_S = 30
"""What the child sends at once; see `LIMITS`."""

LIMITS = Limits(wall_s=120, cpu_s=60, item_s=2.0, memory_mb=2048)
"""An item is `_BLOCK_S` of sound, so decoding must be 15 times faster than sound."""

_MIB_PER_HOUR = 3600 * RATE * 2 / (1 << 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractedAudio:
    """What was written. `bad_packets` counts pieces of the upload that could not be decoded and were left out."""

    duration_ms: int
    bad_packets: int


def extract_audio(
    source: Path, target: Path, *, file_name: str, max_ms: int, max_bytes: int, limits: Limits = LIMITS
) -> ExtractedAudio:
    """Decode the sound of `source` in a bounded child process and write it to `target` as 16 kHz mono FLAC.

    Args:
        source: the upload; its name does not matter, its content does.
        target: file to write; left behind half-written when an error is raised, so give a temporary one.
        file_name: how messages name the upload.
        max_ms: longest recording accepted. max_bytes: largest file accepted.
        limits: of the child process; how much it may send back follows from `max_ms`.

    Raises:
        UnreadableFileError: `empty_file`, `too_large`, `not_media`, `no_audio`, `silent`, `damaged`, `parser_limit`.
    """
    size = source.stat().st_size
    if size == 0:
        raise UnreadableFileError(f"{file_name} is empty.", code="empty_file")
    if size > max_bytes:
        raise UnreadableFileError(f"{file_name} is larger than {max_bytes / 1e6:g} MB.", code="too_large")
    with source.open("rb") as opened:
        demuxer = sniff_media(opened)
    if demuxer is None:
        raise UnreadableFileError(f"{file_name} is not a recording; these can be read: {FORMATS}.", code="not_media")
    items = run_bounded(
        "pipelines.steps.speech.worker:pcm",
        source=source,
        args={"demuxer": demuxer, "max_ms": max_ms, "subject": file_name},
        limits=replace(
            limits,
            max_items=max_ms // (_BLOCK_S * 1000) + 10,
            output_mb=int(max_ms / 3_600_000 * _MIB_PER_HOUR) + 16,
        ),
        subject=file_name,
    )
    writer = _FlacWriter(target)
    bad_packets = 0
    with writer:
        for item in items:
            writer.add(item.blob)
            if isinstance(item.value, dict):
                bad_packets = int(item.value.get("bad_packets", 0))
    if writer.loudest < _SILENT_RMS:
        raise UnreadableFileError(f"{file_name} is silent: nothing can be heard in it.", code="silent")
    return ExtractedAudio(duration_ms=writer.samples * 1000 // RATE, bad_packets=bad_packets)


class _FlacWriter:
    """Encodes blocks of samples and remembers how many there were and how loud the loudest tenth of a second was."""

    def __init__(self, target: Path) -> None:
        import av

        self.samples = 0
        self.loudest = 0.0
        self._container = av.open(str(target), mode="w", format="flac")
        self._stream = self._container.add_stream("flac", rate=RATE, layout="mono", format="s16")
        self._fifo = av.AudioFifo()

    def __enter__(self) -> "_FlacWriter":
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        try:
            if failure is None:
                self._encode(partial=True)
                self._container.mux(self._stream.encode(None))
        finally:
            self._container.close()

    def add(self, block: bytes) -> None:
        """Append signed 16-bit samples."""
        import av
        import numpy as np

        samples = np.frombuffer(block, dtype=np.int16)
        if not samples.size:
            return
        for level in np.array_split(samples.astype(np.float32), -(-samples.size // _LEVEL_SAMPLES)):
            self.loudest = max(self.loudest, float(np.sqrt(np.mean(level * level))))
        frame = av.AudioFrame.from_ndarray(samples[None, :], format="s16", layout="mono")
        frame.rate, frame.pts = RATE, self.samples
        self.samples += samples.size
        self._fifo.write(frame)
        self._encode(partial=False)

    def _encode(self, *, partial: bool) -> None:
        size = self._stream.codec_context.frame_size or 4096
        for frame in self._fifo.read_many(size, partial=partial):
            self._container.mux(self._stream.encode(frame))


def read_audio(path: Path, *, start_ms: int, end_ms: int) -> "npt.NDArray[np.float32]":
    """Samples `(n,)` in [-1, 1] of `[start_ms, end_ms)` of a FLAC file that `extract_audio` wrote; fewer at its end."""
    import av
    import numpy as np

    first, last = start_ms * RATE // 1000, end_ms * RATE // 1000
    parts: list[npt.NDArray[np.int16]] = []
    with av.open(str(path), mode="r", format="flac") as container:
        stream = container.streams.audio[0]
        if first:
            container.seek(first, stream=stream)
        for frame in container.decode(stream):
            at = frame.pts or 0
            if at >= last:
                break
            parts.append(frame.to_ndarray()[0][max(0, first - at) : last - at])
    samples = np.concatenate(parts) if parts else np.empty(0, np.int16)
    return samples.astype(np.float32) / 32768.0
