"""Scores of an alignment: spans people marked against spans it found."""

import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.questions import base_name


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedSpan:
    """What a person saw: from `start_ms` until `end_ms` one of `pages` of `deck` was up (no pages: no slide).

    `lecture` and `deck` are base names of files. Within `tolerance_ms` of its start and end the neighbour's pages count
    too, because nobody marks a change of slides to the second.
    """

    lecture: str
    deck: str
    pages: frozenset[int]
    start_ms: int
    end_ms: int
    tolerance_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSpan:
    """What the alignment says: `page` of the deck `file` was up; both None: no slide."""

    start_ms: int
    end_ms: int
    file: str | None
    page: int | None


def read_spans(path: Path) -> list[MarkedSpan]:
    """Spans of a JSON lines file: `lecture` or `captions`, `deck`, `pages`, `t_start`, `t_end` (s), `tolerance_s`.

    Raises:
        UnreadableFileError: the file or one of its lines cannot be read; the message names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise UnreadableFileError(f"{path.name} cannot be read.", code="bad_spans") from None
    spans: list[MarkedSpan] = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                spans.append(_span(json.loads(line)))
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                missing = f"no {error}" if isinstance(error, KeyError) else str(error)
                raise UnreadableFileError(f"{path.name}, line {number}: {missing}.", code="bad_spans") from None
    if not spans:
        raise UnreadableFileError(f"{path.name} has no spans.", code="bad_spans")
    return spans


def score_spans(marked: Sequence[MarkedSpan], found: Mapping[str, Sequence[FoundSpan]]) -> dict[str, Any]:
    """Which share of the marked time the right page was named for, as `studybuddy evaluate-alignment --json` prints it.

    Args:
        found: spans in order of time by the base name that `MarkedSpan.lecture` has; a lecture that is missing was not
            aligned at all. Time that no span covers counts as "no slide".

    Returns:
        `accuracy` (0 to 1), `scored_ms`, and `spans`: each `lecture`, `deck`, `pages`, `t_start`, `t_end`, `accuracy`.
    """
    rows: list[dict[str, Any]] = []
    right_ms = scored_ms = 0
    for span in marked:
        before = next((m for m in marked if m.lecture == span.lecture and m.end_ms == span.start_ms), None)
        after = next((m for m in marked if m.lecture == span.lecture and m.start_ms == span.end_ms), None)
        right = _right_ms(span, before, after, found.get(span.lecture, ()))
        length = span.end_ms - span.start_ms
        right_ms, scored_ms = right_ms + right, scored_ms + length
        rows.append(
            {
                "lecture": span.lecture,
                "deck": span.deck,
                "pages": sorted(span.pages),
                "t_start": span.start_ms / 1000,
                "t_end": span.end_ms / 1000,
                "accuracy": right / length,
            }
        )
    return {"accuracy": right_ms / scored_ms if scored_ms else 0.0, "scored_ms": scored_ms, "spans": rows}


def _right_ms(span: MarkedSpan, before: MarkedSpan | None, after: MarkedSpan | None, found: Sequence[FoundSpan]) -> int:
    """Milliseconds of a marked span in which a right page was named."""
    cuts = {span.start_ms, span.end_ms, span.start_ms + span.tolerance_ms, span.end_ms - span.tolerance_ms}
    cuts |= {time for other in found for time in (other.start_ms, other.end_ms)}
    inside = sorted(time for time in cuts if span.start_ms <= time <= span.end_ms)
    starts = [other.start_ms for other in found]
    right = 0
    for start, end in pairwise(inside):
        at = bisect_right(starts, start) - 1
        up = found[at] if at >= 0 and found[at].end_ms > start else None
        accepted = [span]
        if before is not None and start < span.start_ms + span.tolerance_ms:
            accepted.append(before)
        if after is not None and end > span.end_ms - span.tolerance_ms:
            accepted.append(after)
        right += (end - start) * any(_agree(one, up) for one in accepted)
    return right


def _agree(marked: MarkedSpan, up: FoundSpan | None) -> bool:
    if up is None or up.page is None or up.file is None:
        return not marked.pages
    return up.page in marked.pages and base_name(up.file) == marked.deck


def _span(row: dict[str, Any]) -> MarkedSpan:
    pages = row["pages"]
    if not isinstance(pages, list) or not all(isinstance(page, int) and page >= 1 for page in pages):
        raise ValueError("pages must be a list of page numbers from 1")
    start_ms, end_ms = round(float(row["t_start"]) * 1000), round(float(row["t_end"]) * 1000)
    if not 0 <= start_ms < end_ms:
        raise ValueError("t_start and t_end must be seconds, in order")
    name = row["lecture"] if row.get("lecture") else row["captions"]
    return MarkedSpan(
        lecture=base_name(name),
        deck=base_name(row["deck"]) if pages else "",
        pages=frozenset(pages),
        start_ms=start_ms,
        end_ms=end_ms,
        tolerance_ms=max(0, round(float(row.get("tolerance_s", 0)) * 1000)),
    )
