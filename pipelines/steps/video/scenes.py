"""The scenes of a recording: from when to when it showed the same, and a small picture of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.sandbox.bounded import run_bounded
from pipelines.steps.sandbox.limits import Limits
from pipelines.steps.speech.sniff import sniff_media
from pipelines.steps.video.packs import read_pack, write_pack

SCENES_VERSION = "2"
"""Grows with every change to what this step makes of the same recording."""

LIMITS = Limits(wall_s=600, cpu_s=240, item_s=0.05, memory_mb=3072, output_mb=160, max_items=20_000, background=True)

BUDGET_S = 150.0
"""Processor time after which no more pictures are decoded; an hour of slides takes a fraction of it."""

WITH_PICTURES = frozenset({"mov", "matroska", "mpegts", "avi", "asf", "flv", "mpeg", "ogg"})
"""Formats, by FFmpeg's name, that hold more than sound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The same picture from `start_ms` until `end_ms`. `steady`: a screen rather than people who move."""

    start_ms: int
    end_ms: int
    steady: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a recording shows, in order of time; `pictures` (JPEG, not trusted) has one for each scene.

    `looked_at` counts pictures decoded, `until_ms` is how far that was, `bad_packets` could not be decoded.
    """

    scenes: Sequence[Scene] = ()
    pictures: Sequence[bytes] = ()
    looked_at: int = 0
    until_ms: int = 0
    bad_packets: int = 0


def see(
    source: Path,
    *,
    file_name: str,
    max_ms: int,
    tell: Callable[[int], None] = lambda _: None,
    limits: Limits = LIMITS,
    budget_s: float = BUDGET_S,
) -> Seen:
    """Look at the pictures of a recording in a bounded child process.

    Args:
        source: the upload; its name does not matter, its content does.
        file_name: how messages name it.
        max_ms: what is later is not looked at.
        tell: is told now and then how far it has come, in milliseconds.
        limits: of the child process. budget_s: processor time after which it ends with what it has.

    Returns:
        Nothing where the recording has no pictures that change: sound alone, or a cover.

    Raises:
        UnreadableFileError: `damaged`, `parser_limit`.
    """
    with source.open("rb") as opened:
        demuxer = sniff_media(opened)
    if demuxer not in WITH_PICTURES:
        return Seen()
    args = {"demuxer": demuxer, "subject": file_name, "max_ms": max_ms, "budget_s": budget_s}
    scenes: list[Scene] = []
    pictures: list[bytes] = []
    seen = Seen()
    for item in run_bounded(
        "pipelines.steps.video.worker:frames",
        source=source,
        args=args,
        limits=replace(limits, cpu_s=max(limits.cpu_s, round(budget_s) + 60)),
        subject=file_name,
    ):
        try:
            told = dict(item.value)
            if "at_ms" in told:
                tell(int(told["at_ms"]))
            elif "pictures" in told:
                seen = replace(
                    seen,
                    looked_at=int(told["pictures"]),
                    until_ms=int(told["until_ms"]),
                    bad_packets=int(told["bad_packets"]),
                )
            else:
                start_ms, end_ms = int(told["start_ms"]), int(told["end_ms"])
                if not (scenes[-1].end_ms if scenes else 0) <= start_ms < end_ms:
                    raise ValueError("scenes out of order")
                scenes.append(Scene(start_ms=start_ms, end_ms=end_ms, steady=bool(told["steady"])))
                pictures.append(item.blob)
        except (TypeError, ValueError, KeyError):
            raise UnreadableFileError(
                f"{file_name}: its pictures are damaged and cannot be decoded.", code="damaged"
            ) from None
    if len(scenes) < 2:
        return replace(seen, scenes=(), pictures=())
    return replace(seen, scenes=scenes, pictures=pictures)


def write_scenes(target: BinaryIO, seen: Seen) -> None:
    """Write scenes and their pictures to one file."""
    rows = [[scene.start_ms, scene.end_ms, scene.steady] for scene in seen.scenes]
    write_pack(target, {"scenes": rows}, seen.pictures)


def read_scenes(source: BinaryIO) -> Seen:
    """Scenes that `write_scenes` wrote, without the counts.

    Raises:
        ValueError: it is no such file.
    """
    head, pictures = read_pack(source)
    scenes = [Scene(start_ms=start, end_ms=end, steady=steady) for start, end, steady in head["scenes"]]
    return Seen(scenes=scenes, pictures=pictures)
