"""The bounded child's half of `scenes`: pictures of one untrusted recording, small and grey. Loads PyAV inside.

Key frames are enough where little changes, because they decode alone. Between two that differ, and where they are rare,
all frames are decoded until the time for that is used up.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, BinaryIO

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.video.changes import THUMB, Thumbs, find_scenes

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

WIDEST_PX = 640
"""Longer side of the pictures that leave the child: letters of a slide can still be told apart."""
QUALITY = 75
LEAST_STEP_MS = 1000
MOST_SAMPLES = 5000
"""Pictures kept of one recording; a longer one is looked at less often."""
RARE_MS = 12_000
"""Key frames farther apart than this miss slides."""
CLOSE_MS = 1500
"""A change of slides is known to the moment where pictures are closer than this."""
TELL_MS = 300_000
_MOST_PIXELS = 8192 * 4320


@dataclass(slots=True)
class _Sample:
    at_ms: int
    thumb: "npt.NDArray[np.uint8]"
    picture: bytes


def frames(
    source: BinaryIO, *, demuxer: str, subject: str, max_ms: int, budget_s: float
) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Yields `({"at_ms"}, b"")` as it gets on, then each scene, then a report and no bytes.

    A scene is `({"start_ms", "end_ms", "steady"}, JPEG)`, in order of time. The report is `{"pictures": looked at,
    "bad_packets": n, "until_ms": how far}`; no pictures where the recording has no video track, or one cover only.

    Args:
        source: the recording. demuxer: FFmpeg's name of its format, from `sniff_media`.
        subject: how the sentences of errors name the file.
        max_ms: what is later is not looked at.
        budget_s: seconds of processor time after which what is known is enough.

    Raises:
        UnreadableFileError: `damaged`, none of its pictures can be decoded.
    """
    import av

    try:
        container = av.open(source, mode="r", format=demuxer, metadata_errors="ignore")
    except (av.FFmpegError, ValueError) as error:
        raise _damaged(subject) from error
    with container:
        covers = av.stream.Disposition.attached_pic | av.stream.Disposition.still_image
        tracks = [s for s in container.streams.video if s.codec_context is not None and not s.disposition & covers]
        if not tracks:
            yield {"pictures": 0, "bad_packets": 0, "until_ms": 0}, b""
            return
        track = _Track(container, tracks[0], max_ms=max_ms, budget_s=budget_s)
        for at_ms in track.look():
            yield {"at_ms": at_ms}, b""
        if not track.samples:
            raise _damaged(subject)
        for at_ms in track.look_closer():
            yield {"at_ms": at_ms}, b""
        samples = track.samples
        for scene in find_scenes([s.at_ms for s in samples], [s.thumb for s in samples], end_ms=track.end_ms):
            told = {"start_ms": scene.start_ms, "end_ms": scene.end_ms, "steady": scene.steady}
            yield told, samples[scene.shown].picture
        yield {"pictures": len(samples), "bad_packets": track.bad_packets, "until_ms": track.end_ms}, b""


def _damaged(subject: str) -> UnreadableFileError:
    return UnreadableFileError(f"{subject}: its pictures are damaged and cannot be decoded.", code="damaged")


class _Track:
    """One video track and the samples taken of it."""

    def __init__(self, container: Any, stream: Any, *, max_ms: int, budget_s: float) -> None:
        self.samples: list[_Sample] = []
        self.bad_packets = 0
        self.end_ms = 0
        self._container, self._stream = container, stream
        self._max_ms, self._budget_s = max_ms, budget_s
        self._start_s = (container.start_time or 0) / 1_000_000
        self._step_ms = max(LEAST_STEP_MS, (container.duration or 0) // 1000 // MOST_SAMPLES)
        stream.thread_count = 1
        for other in container.streams:
            if other.index != stream.index:
                import av

                other.discard = av.stream.Discard.all

    def look(self) -> Iterator[int]:
        """Takes the key frames; yields how far it has come now and then."""
        told_ms = last_ms = -TELL_MS
        for packet in self._packets():
            stamp = packet.pts if packet.pts is not None else packet.dts
            at_ms = None if stamp is None else self._ms(stamp * packet.time_base)
            if at_ms is not None:
                if at_ms > self._max_ms or self._spent():
                    break
                self.end_ms = max(self.end_ms, at_ms + self._duration_ms(packet))
                if not packet.is_keyframe or 0 <= at_ms - last_ms < self._step_ms:
                    continue
                last_ms = at_ms
            elif packet.size and not packet.is_keyframe:
                continue
            for frame in self._decoded(packet):
                self._take(frame)
            if at_ms is not None and at_ms - told_ms >= TELL_MS:
                told_ms = at_ms
                yield at_ms
        self.samples.sort(key=lambda sample: sample.at_ms)

    def look_closer(self) -> Iterator[int]:
        """Decodes what is between key frames that differ or are far apart; yields how far it has come."""
        thumbs = Thumbs([sample.thumb for sample in self.samples])
        times = [sample.at_ms for sample in self.samples] + [self.end_ms]
        gaps = [
            (start, end)
            for number, (start, end) in enumerate(pairwise(times))
            if end - start > RARE_MS or (end - start > CLOSE_MS and number + 1 < len(thumbs) and thumbs.change(number))
        ]
        found: list[_Sample] = []
        for start_ms, end_ms in gaps:
            if self._spent() or len(self.samples) + len(found) >= MOST_SAMPLES:
                break
            yield start_ms
            found += self._between(start_ms, end_ms)
        self.samples = sorted([*self.samples, *found], key=lambda sample: sample.at_ms)

    def _between(self, start_ms: int, end_ms: int) -> list[_Sample]:
        """Samples inside a gap: a step apart, or half of one where only the moment of a change is looked for."""
        import av

        kept, self.samples = self.samples, []
        last_ms = start_ms
        step_ms = self._step_ms // 2 if end_ms - start_ms <= RARE_MS else self._step_ms
        self._stream.codec_context.skip_frame = "NONREF"
        try:
            at = int((start_ms / 1000 + self._start_s) / self._stream.time_base)
            self._container.seek(at, stream=self._stream)
            for packet in self._packets():
                for frame in self._decoded(packet):
                    at_ms = self._ms(frame.time)
                    if at_ms is not None and last_ms + step_ms <= at_ms < end_ms:
                        last_ms = at_ms
                        self._take(frame)
                    if (at_ms is not None and at_ms >= end_ms) or self._spent():
                        return self.samples
        except (av.FFmpegError, ValueError):
            self.bad_packets += 1
        finally:
            found, self.samples = self.samples, kept
        return found

    def _packets(self) -> Iterator[Any]:
        import av

        packets = self._container.demux(self._stream)
        while True:
            try:
                yield next(packets)
            except (StopIteration, av.FFmpegError, ValueError):  # a file cut off in the middle ends here
                return

    def _decoded(self, packet: Any) -> Sequence[Any]:
        import av

        try:
            return list(packet.decode())
        except (av.FFmpegError, ValueError):
            self.bad_packets += 1
            return ()

    def _take(self, frame: Any) -> None:
        """Keep a frame as a sample."""
        import av
        import cv2

        at_ms = self._ms(frame.time)
        if at_ms is None or not 0 < frame.width * frame.height <= _MOST_PIXELS:
            self.bad_packets += 1
            return
        aspect = frame.width / frame.height * float(self._stream.sample_aspect_ratio or 1)
        aspect = min(max(aspect, 0.25), 4.0)
        width, height = (
            (WIDEST_PX, round(WIDEST_PX / aspect)) if aspect >= 1 else (round(WIDEST_PX * aspect), WIDEST_PX)
        )
        try:
            grey = frame.to_ndarray(format="gray", width=width, height=height, interpolation="AREA")
        except (av.FFmpegError, ValueError):
            self.bad_packets += 1
            return
        thumb = cv2.resize(grey, THUMB, interpolation=cv2.INTER_AREA)
        _, data = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        self.samples.append(_Sample(at_ms, thumb, data.tobytes()))

    def _ms(self, seconds: Any) -> int | None:
        return None if seconds is None else max(0, round((float(seconds) - self._start_s) * 1000))

    def _duration_ms(self, packet: Any) -> int:
        return round(float(packet.duration * packet.time_base) * 1000) if packet.duration else 0

    def _spent(self) -> bool:
        return time.process_time() > self._budget_s
