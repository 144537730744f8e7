"""The bounded child's half of `recordings`: one untrusted recording to plain samples. Loads PyAV inside the function.

Only audio is decoded; packets of other streams are skipped unread where the format allows. Memory does not grow with
the recording: samples leave in blocks.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.speech.channels import ChannelLevels, one_channel

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream

RATE = 16_000
"""Samples a second after decoding: what Whisper and Silero VAD were trained on."""

_BLOCK_SAMPLES = 30 * RATE
_TIMED = (
    "mov",
    "matroska",
    "ogg",
    "mpegts",
    "avi",
    "asf",
    "flv",
    "mpeg",
)  # formats whose packets carry times; in the others silence cannot be left out
_GAP_SAMPLES = RATE // 10  # shorter differences are rounding and clock drift
_MOST_GAP_SAMPLES = 3600 * RATE  # a longer gap is a broken time stamp, not a pause


def pcm(
    source: BinaryIO, *, demuxer: str, max_ms: int, subject: str, track: int, channel: int | None, gain: float
) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Yields `({}, block)` of signed 16-bit mono samples at `RATE`, then a report and no bytes.

    Pauses that the format left out are filled with silence, so that a position in the samples is the time a player
    shows. The report is `{"bad_packets": n, "tracks": n, "power": [...], "loudest": [...], "peak": [...]}`, the lists
    one number a channel as `ChannelLevels` has them.

    Args:
        source: the recording.
        demuxer: FFmpeg's name of its format, from `sniff_media`.
        max_ms: longest recording decoded.
        subject: how the sentences of errors name the file.
        track: which of its audio tracks, from 0; those a player would choose come first.
        channel: the one channel to take; None mixes all.
        gain: factor on every sample before it is rounded; 1 leaves them alone.

    Raises:
        UnreadableFileError: `damaged`, `no_audio` or `too_large`.
    """
    import av

    try:
        container = av.open(source, mode="r", format=demuxer, metadata_errors="ignore")
    except (av.FFmpegError, ValueError) as error:
        raise _damaged(subject) from error
    with container:
        tracks = [s for s in container.streams.audio if s.codec_context is not None]
        if track >= len(tracks):
            raise UnreadableFileError(f"{subject} has no sound, only pictures.", code="no_audio")
        stream = sorted(tracks, key=lambda s: not s.disposition & av.stream.Disposition.default)[track]
        for other in container.streams:
            if other.index != stream.index:
                other.discard = av.stream.Discard.all
        timeline = _Timeline(container.start_time if demuxer in _TIMED else None, channel=channel, gain=gain)
        most, block = max_ms * RATE // 1000, bytearray()
        for piece in _pieces(container, stream, timeline):
            block += piece
            if timeline.written > most:
                raise UnreadableFileError(
                    f"{subject} is longer than {max_ms / 3_600_000:g} hours (MEDIA_MAX_HOURS).", code="too_large"
                )
            while len(block) >= 2 * _BLOCK_SAMPLES:
                yield {}, bytes(block[: 2 * _BLOCK_SAMPLES])
                del block[: 2 * _BLOCK_SAMPLES]
        if timeline.bad_packets and timeline.bad_packets >= timeline.good_packets:
            raise _damaged(subject)
        if block:
            yield {}, bytes(block)
        yield {"bad_packets": timeline.bad_packets, "tracks": len(tracks), **timeline.levels.report()}, b""


def _damaged(subject: str) -> UnreadableFileError:
    return UnreadableFileError(f"{subject} is damaged or cut off: its sound cannot be decoded.", code="damaged")


class _Timeline:
    """Mixes and resamples frames and keeps the samples at the times of the recording."""

    def __init__(self, start_us: int | None, *, channel: int | None, gain: float) -> None:
        self.written = 0
        self.good_packets = 0
        self.bad_packets = 0
        self.levels = ChannelLevels()
        self._channel = channel
        self._gain_factor = gain
        self._start_s = None if start_us is None else start_us / 1_000_000
        self._shape: Any = None
        self._resampler: Any = None

    def add(self, frame: "AudioFrame") -> Iterator[bytes]:
        """The samples this frame completes, after silence where frames are missing before it."""
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        gap = self._gap(frame)
        if shape != self._shape or gap:
            yield from self.flush()
            self._shape, self._resampler = shape, self._new_resampler()
        if gap:
            self.written += gap
            yield bytes(2 * gap)
        frame.pts = None
        self.levels.add(frame)
        if self._channel is not None or self._gain_factor != 1 or not _can_be_mixed(frame):
            frame = one_channel(frame, channel=self._channel, gain=self._gain_factor)
        yield from self._samples(frame)

    def start_over(self) -> None:
        """Forget the resampler: after an error it may swallow everything in silence."""
        self._shape = self._resampler = None

    def flush(self) -> Iterator[bytes]:
        """The samples the resampler still holds."""
        if self._resampler is not None:
            yield from self._samples(None)
            self._resampler = None

    def _samples(self, frame: "AudioFrame | None") -> Iterator[bytes]:
        for made in self._resampler.resample(frame):
            self.written += made.samples
            yield bytes(made.planes[0])[: 2 * made.samples]

    def _new_resampler(self) -> Any:
        from av.audio.resampler import AudioResampler

        return AudioResampler(format="s16", layout="mono", rate=RATE)

    def _gap(self, frame: "AudioFrame") -> int:
        """Samples of silence missing before this frame; 0 when it follows at once or its time makes no sense."""
        if self._start_s is None or frame.time is None:
            return 0
        gap = round((frame.time - self._start_s) * RATE) - self.written
        if gap > _MOST_GAP_SAMPLES:
            self._start_s += gap / RATE
            return 0
        return gap if gap > _GAP_SAMPLES else 0


def _can_be_mixed(frame: "AudioFrame") -> bool:
    """Whether FFmpeg knows where the channels stand and so how to mix them; of one to sixteen with names it does."""
    return not frame.layout.name.endswith("channels")


def _pieces(container: Any, stream: "AudioStream", timeline: _Timeline) -> Iterator[bytes]:
    """All samples in order; what cannot be decoded or mixed down is counted and left out, a cut-off end ends it."""
    import av

    broken = (av.FFmpegError, ValueError)
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, *broken):  # a file cut off in the middle ends here
            break
        try:
            samples = [piece for frame in packet.decode() for piece in timeline.add(frame)]
        except broken:
            timeline.bad_packets += 1
            timeline.start_over()
            continue
        timeline.good_packets += 1
        yield from samples
    try:
        rest = list(timeline.flush())
    except broken:
        return
    yield from rest
