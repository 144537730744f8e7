"""Pages of decks that the scenes of a recording show."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipelines.steps.sandbox.bounded import run_bounded
from pipelines.steps.sandbox.limits import Limits
from pipelines.steps.video.packs import write_pack

MATCHING_VERSION = "1"
"""Grows with every change to what this step makes of the same pictures."""

LIMITS = Limits(wall_s=600, cpu_s=600, item_s=0.5, memory_mb=4096, output_mb=20, max_items=20_000, background=True)

MOST_PAGES = 1500
"""Pages compared with one recording; those of the decks that are asked for first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Pages (by their number among those given) one of which a scene shows: several where they look the same.

    None: it shows none of them. `score` in [0, 1] is that of the best page, shown or not.
    """

    pages: tuple[int, ...]
    score: float


def match_pages(scenes: Sequence[bytes], pages: Sequence[bytes], *, limits: Limits = LIMITS) -> list[Match]:
    """Compare pictures in a bounded child process.

    Args:
        scenes: pictures of a recording. pages: pictures of pages, at most `MOST_PAGES`. Neither is trusted.

    Returns:
        One match for each scene.

    Raises:
        UnreadableFileError: `parser_limit`, `damaged`.
    """
    if not scenes or not pages:
        return [Match(pages=(), score=0.0) for _ in scenes]
    pages = pages[:MOST_PAGES]
    with tempfile.TemporaryDirectory() as folder:
        pack = Path(folder) / "pictures"
        with pack.open("wb") as target:
            write_pack(target, {"scenes": len(scenes)}, [*scenes, *pages])
        matches = [Match(pages=(), score=0.0) for _ in scenes]
        for item in run_bounded(
            "pipelines.steps.video.match_worker:match",
            source=pack,
            limits=replace(limits, max_items=limits.max_items + len(scenes)),
            subject="A recording's pictures",
        ):
            number, score, found = item.value
            known = tuple(int(page) for page in found if 0 <= int(page) < len(pages))
            matches[int(number)] = Match(pages=known, score=float(score))
    return matches
