"""Subtitles inside a recording, and whether they can stand for what is said in it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from pipelines.core.errors import UnreadableFileError
from pipelines.core.records import Segment
from pipelines.steps.captions.reading import checked_segment
from pipelines.steps.sandbox.bounded import run_bounded
from pipelines.steps.sandbox.limits import Limits
from pipelines.steps.speech.sniff import sniff_media

LIMITS = Limits(wall_s=300, cpu_s=60, memory_mb=2048, output_mb=150)
"""Sound and pictures are skipped, but a recording of gigabytes has to be read through."""
_WITH_TEXT = ("mov", "matroska", "ogg", "mpegts", "avi", "asf")
PARTS, LEAST_PARTS = 10, 7
"""Subtitles of all that is said stand in most tenths of a recording; those of foreign words alone do not."""
LEAST_SHARE = 0.15
"""Of the time somebody's words are shown; people who talk fill half of it and more."""


@dataclass(slots=True)
class Subtitles:
    """One track of text. `default`: players show it unasked; `forced`: it is meant for foreign words alone."""

    default: bool
    forced: bool
    segments: list[Segment] = field(default_factory=list)


def read_subtitles(path: Path, *, file_name: str, limits: Limits = LIMITS) -> list[Subtitles]:
    """The tracks with words, those first that players show; empty where there are none, or none that can be read.

    Args:
        path: the recording; its content says what it is.
        file_name: how messages name it.
        limits: of the child process.

    Raises:
        UnguardedError: as `run_bounded`.
        OSError: the file is not there.
    """
    with path.open("rb") as source:
        demuxer = sniff_media(source)
    if demuxer not in _WITH_TEXT:
        return []
    found: list[Subtitles] = []
    try:
        for item in run_bounded(
            "pipelines.steps.speech.subtitles_worker:tracks",
            source=path,
            args={"demuxer": demuxer, "file_name": file_name},
            limits=limits,
            subject=file_name,
        ):
            if "track" in item.value:
                found.append(Subtitles(default=bool(item.value["default"]), forced=bool(item.value["forced"])))
            else:
                found[-1].segments += [checked_segment(*raw) for raw in item.value["segments"]]
    except (UnreadableFileError, TypeError, KeyError, ValueError, IndexError, AttributeError):
        return []  # its sound is there still, and says why if it cannot be read either
    whole = [track for track in found if all(a.end_ms <= b.start_ms for a, b in pairwise(track.segments))]
    return sorted(whole, key=lambda track: (track.forced, not track.default))


def covers(segments: Sequence[Segment], duration_ms: int) -> bool:
    """Whether subtitles are likely to hold all that is said: enough of them, everywhere, few after the end."""
    inside = [segment for segment in segments if segment.start_ms < duration_ms]
    if not inside or 10 * len(inside) < 9 * len(segments):
        return False
    parts = {at * PARTS // duration_ms for segment in inside for at in (segment.start_ms, segment.end_ms - 1)}
    shown_ms = sum(min(segment.end_ms, duration_ms) - segment.start_ms for segment in inside)
    return len(parts & set(range(PARTS))) >= LEAST_PARTS and shown_ms >= LEAST_SHARE * duration_ms
