"""Slides seen while a lecture was recorded, and spans made of that and of what speech says.

A page that was recognised decides; speech chooses between pages that look the same, and fills what no picture tells.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from uuid import UUID

from pipelines.core.records import SlideSpan
from pipelines.steps.alignment.evidence import Evidence
from pipelines.steps.alignment.windows import SpeechWindow

Page = tuple[UUID, int]
"""Document and page."""

SEEN_CONFIDENCE = 0.97
"""Of a span whose page was recognised, and of one in which another screen was."""

_SHOWS_SLIDES = 0.15  # share of a recording in which pages are recognised, from which a screen without one is none
_AWAY_MS = 90_000  # the camera leaves a slide no longer than this, when the same one is there afterwards
_DECIDES = 60.0  # evidence of what was seen: more than any turn of pages costs


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneMatch:
    """What a scene shows: one of `pages` (several look the same), or none of them. `steady`: a screen, not people."""

    start_ms: int
    end_ms: int
    steady: bool
    pages: frozenset[Page]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenSpan:
    """From when to when one of these pages was up; no pages: none of any deck was."""

    start_ms: int
    end_ms: int
    pages: frozenset[Page]


def seen_spans(matches: Sequence[SceneMatch]) -> list[SeenSpan]:
    """What the scenes of a recording, in order of time, say for sure.

    Where people are seen nothing is sure, unless the same page, or none, is up before and after. A screen that is no
    page is none only in a recording that shows slides.
    """
    share = share_seen(matches)
    if not share:
        return []
    spans = [
        SeenSpan(start_ms=match.start_ms, end_ms=match.end_ms, pages=match.pages)
        for match in matches
        if match.pages or (match.steady and share >= _SHOWS_SLIDES)
    ]
    away = [
        SeenSpan(start_ms=one.end_ms, end_ms=other.start_ms, pages=one.pages & other.pages)
        for one, other in pairwise(spans)
        if 0 < other.start_ms - one.end_ms <= _AWAY_MS and (one.pages & other.pages or one.pages == other.pages)
    ]
    return sorted([*spans, *away], key=lambda span: span.start_ms)


def share_seen(matches: Sequence[SceneMatch]) -> float:
    """For which share of the scenes a page was recognised; 0 without scenes."""
    total_ms = sum(match.end_ms - match.start_ms for match in matches)
    with_page_ms = sum(match.end_ms - match.start_ms for match in matches if match.pages)
    return with_page_ms / total_ms if total_ms else 0.0


def seen_ms(matches: Sequence[SceneMatch]) -> dict[UUID, int]:
    """For how long pages of each deck were seen that look like no other deck's."""
    found: dict[UUID, int] = {}
    for match in matches:
        decks = {document for document, _ in match.pages}
        if len(decks) == 1:
            (deck,) = decks
            found[deck] = found.get(deck, 0) + match.end_ms - match.start_ms
    return found


def deciding(
    evidence: Evidence, windows: Sequence[SpeechWindow], seen: Sequence[SeenSpan], numbers: Mapping[Page, int]
) -> Evidence:
    """The evidence with what was seen during most of a window added.

    Args:
        numbers: of the slide each page belongs to.
    """
    slides, none = evidence.slides.copy(), evidence.none.copy()
    for at, window in enumerate(windows):
        for span in seen:
            if 2 * _overlap_ms(span, window) > window.end_ms - window.start_ms:
                if span.pages:
                    slides[at, sorted({numbers[page] for page in span.pages if page in numbers})] += _DECIDES
                else:
                    none[at] += _DECIDES
    return Evidence(slides, none, evidence.weights)


def laid_over(
    spans: Sequence[SlideSpan], seen: Sequence[SeenSpan], numbers: Mapping[Page, int], shown: Sequence[Page]
) -> list[SlideSpan]:
    """The spans with what was seen instead of what speech says at those times.

    Args:
        spans: in order, without gaps, from speech and `deciding` evidence.
        numbers: of the slide each page belongs to; `shown`: the page each slide is named by.
    """
    if not spans:
        return []
    end_ms = spans[-1].end_ms
    times = {time for span in spans for time in (span.start_ms, span.end_ms)}
    times |= {min(time, end_ms) for span in seen for time in (span.start_ms, span.end_ms)}
    cuts = sorted(times)
    found: list[SlideSpan] = []
    said_at = seen_at = 0
    last = 0
    for start, end in pairwise(cuts):
        while spans[said_at].end_ms <= start:
            said_at += 1
        while seen_at < len(seen) and seen[seen_at].end_ms <= start:
            seen_at += 1
        said = spans[said_at]
        page: Page | None = (said.document_id, said.page) if said.document_id and said.page else None
        confidence = said.confidence
        if seen_at < len(seen) and seen[seen_at].start_ms <= start:
            choice = sorted({numbers[each] for each in seen[seen_at].pages if each in numbers})
            if choice or not seen[seen_at].pages:
                confidence = SEEN_CONFIDENCE
                page = _chosen(choice, page, last, numbers, shown) if choice else None
        if page is not None:
            last = numbers[page]
        document_id, number = page if page is not None else (None, None)
        before = found[-1] if found else None
        if before is not None and (before.document_id, before.page) == (document_id, number):
            found[-1] = replace(before, end_ms=end, confidence=max(before.confidence, confidence))
        else:
            found.append(
                SlideSpan(start_ms=start, end_ms=end, document_id=document_id, page=number, confidence=confidence)
            )
    return found


def _chosen(
    choice: Sequence[int], said: Page | None, last: int, numbers: Mapping[Page, int], shown: Sequence[Page]
) -> Page:
    """Of slides that look the same the one that speech says, or the nearest to the last one."""
    if said is not None and numbers[said] in choice:
        return said
    return shown[min(choice, key=lambda slide: (abs(slide - last), slide))]


def _overlap_ms(span: SeenSpan, window: SpeechWindow) -> int:
    return max(0, min(span.end_ms, window.end_ms) - max(span.start_ms, window.start_ms))
