"""Recordings of any kind to one kind: 16 kHz mono FLAC, in which every position is the time a player shows.

FLAC because it loses nothing (recognition is the same as from the upload), half the size of plain samples, and can be
read from any point, so that hours are recognised in pieces without holding them in memory.
"""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.sandbox.bounded import run_bounded
from pipelines.steps.sandbox.limits import Limits
from pipelines.steps.speech.sniff import FORMATS, sniff_media
from pipelines.steps.speech.worker import RATE

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

AUDIO_VERSION = "2"
"""Version of the decoding; raise it when the same recording gives other samples."""

_LEVEL_SAMPLES = RATE // 10
_SILENT = 1e-5
"""Root mean square, -100 dBFS: below it in every tenth of a second there is nothing but rounding."""
_QUIET = 1e-3
"""-60 dBFS: what stays below is raised before it is rounded to 16 bits, and then judged by how it changes."""
_RAISED = 0.1
"""Level to which the loudest tenth of a second of a quiet recording is raised."""
_MOST_PEAK = 0.9
_SPEECH_CHANGES = 2.0
"""The loudest tenth of a second of speech is far more than twice the median; that of hiss is not."""
_CANCELLED_POWER = 0.15
"""Share of the loudest channel's power in the mix below which channels cancelled each other or only one of many has
sound; a stereo file with one silent side keeps 0.25."""
_MOST_TRACKS = 8

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
    track = 0
    while True:
        decode = partial(_decode, source, target, demuxer, limits, max_ms=max_ms, file_name=file_name, track=track)
        decoded = decode(channel=None, gain=1.0)
        again = _second_look(decoded)
        if again is not None:
            decoded = decode(channel=again[0], gain=again[1])
        if not decoded.is_silent(raised=again is not None and again[1] != 1):
            return ExtractedAudio(duration_ms=decoded.samples * 1000 // RATE, bad_packets=decoded.bad_packets)
        track += 1
        if track >= min(decoded.tracks, _MOST_TRACKS):
            raise UnreadableFileError(f"{file_name} is silent: nothing can be heard in it.", code="silent")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decoded:
    """What one decoding gave. `levels` are those of each tenth of a second of the mix; the lists are by channel."""

    samples: int
    levels: "npt.NDArray[np.float32]"
    bad_packets: int
    tracks: int
    power: list[float]
    loudest: list[float]
    peak: list[float]

    def is_silent(self, *, raised: bool) -> bool:
        """Whether nobody can be heard: no sound at all, or what was raised is steady noise."""
        loudest = float(self.levels.max(initial=0.0))
        return loudest < _SILENT or (raised and loudest < _SPEECH_CHANGES * median(self.levels.tolist()))


def _decode(
    source: Path,
    target: Path,
    demuxer: str,
    limits: Limits,
    *,
    max_ms: int,
    file_name: str,
    track: int,
    channel: int | None,
    gain: float,
) -> _Decoded:
    items = run_bounded(
        "pipelines.steps.speech.worker:pcm",
        source=source,
        args={
            "demuxer": demuxer,
            "max_ms": max_ms,
            "subject": file_name,
            "track": track,
            "channel": channel,
            "gain": gain,
        },
        limits=replace(
            limits,
            max_items=max_ms // (_BLOCK_S * 1000) + 10,
            output_mb=int(max_ms / 3_600_000 * _MIB_PER_HOUR) + 16,
        ),
        subject=file_name,
    )
    report: dict[str, Any] = {}
    with _FlacWriter(target) as writer:
        for item in items:
            writer.add(item.blob)
            if isinstance(item.value, dict):
                report |= item.value
    return _Decoded(
        samples=writer.samples,
        levels=writer.levels,
        bad_packets=int(report.get("bad_packets", 0)),
        tracks=int(report.get("tracks", 1)),
        **{name: [float(value) for value in report.get(name, [])] for name in ("power", "loudest", "peak")},
    )


def _second_look(decoded: _Decoded) -> tuple[int | None, float] | None:
    """(channel or None, gain) with which to decode again; None where the mix is good as it is."""
    if not decoded.power:
        return None
    best = max(range(len(decoded.power)), key=decoded.power.__getitem__)
    mixed = float((decoded.levels**2).mean()) if decoded.levels.size else 0.0
    lost = len(decoded.power) > 1 and mixed < _CANCELLED_POWER * decoded.power[best]
    loudest = decoded.loudest[best]
    if loudest < _SILENT:
        return None
    gain = min(_RAISED / loudest, _MOST_PEAK / max(decoded.peak[best], loudest)) if loudest < _QUIET else 1.0
    return (best if lost else None, gain) if lost or gain != 1 else None


class _FlacWriter:
    """Encodes blocks of samples and remembers how many there were and how loud each tenth of a second was."""

    def __init__(self, target: Path) -> None:
        import av

        self.samples = 0
        self._levels: list[float] = []
        self._container = av.open(str(target), mode="w", format="flac")
        self._stream = self._container.add_stream("flac", rate=RATE, layout="mono", format="s16")
        self._fifo = av.AudioFifo()

    def __enter__(self) -> "_FlacWriter":
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        try:
            if failure is None:
                self._encode(rest=True)
                self._container.mux(self._stream.encode(None))
        finally:
            self._container.close()

    @property
    def levels(self) -> "npt.NDArray[np.float32]":
        """Root mean square of each tenth of a second so far, full scale being 1."""
        import numpy as np

        return np.asarray(self._levels, np.float32)

    def add(self, block: bytes) -> None:
        """Append signed 16-bit samples."""
        import av
        import numpy as np

        samples = np.frombuffer(block, dtype=np.int16)
        if not samples.size:
            return
        for level in np.array_split(samples.astype(np.float32) / 32768, -(-samples.size // _LEVEL_SAMPLES)):
            self._levels.append(float(np.sqrt(np.mean(level * level))))
        frame = av.AudioFrame.from_ndarray(samples[None, :], format="s16", layout="mono")
        frame.rate, frame.pts = RATE, self.samples
        self.samples += samples.size
        self._fifo.write(frame)
        self._encode(rest=False)

    def _encode(self, *, rest: bool) -> None:
        size = self._stream.codec_context.frame_size or 4096
        for frame in self._fifo.read_many(size, partial=rest):
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
