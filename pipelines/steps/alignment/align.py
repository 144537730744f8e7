"""A lecture and its decks: which slide was up when, from what is said and, where a recording shows slides, seen.

Two passes. The first reads the slides as they are. The second adds to each slide's vector what was said while it
seemed to be up, because a teacher's words for a slide come back, and expects each slide near where the first pass was.

Sources: the search is that of hidden Markov models (Rabiner 1989, https://doi.org/10.1109/5.18626).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

import numpy as np
import numpy.typing as npt

from pipelines.core.records import SlideSpan
from pipelines.steps.alignment.evidence import Evidence, Matrix, Vectors, gather
from pipelines.steps.alignment.path import NO_SLIDE, likeliest_path
from pipelines.steps.alignment.seen import SeenSpan, deciding, laid_over
from pipelines.steps.alignment.windows import SpeechWindow

ALIGNMENT_VERSION = "4"
"""Grows with every change to what this step makes of the same input."""

WORTH_A_LOOK = 0.4
"""Likeness of a deck (cosine of every stretch of speech to the deck's nearest chunk, in the mean) from which the steps
look closer. Measured with MiniLM: a lecture and its own deck .66; 20 captions and 13 decks of a neighbouring subject at
most .39; readings of novels at most .19. It keeps the alignment of what has no deck free of cost."""

PROPOSE_SIMILARITY = 0.35
"""Decks this alike are proposed. Decks of the lecture itself reach .41 to .68, others .1 to .3, of its subject .4."""

PROPOSE_SHARE = 0.2
"""... and they must be the most alike of all decks in this share of the lecture."""

_LEARNED = 0.5  # share of a slide's second vector that comes from what was said
_ENOUGH_WINDOWS = 3  # fewer say nothing about a slide
_COURSE, _COURSE_MOST = 10.0, 0.5  # cost of being off the expected course (squared share of the slides), and its most
_COURSE_WIDTH = 0.25  # share of the lecture over which the course is smoothed
_SURE, _UNSURE = 0.9, -2.1  # so that a confidence is about the share of time that is right in bench/alignment.py


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignableSlide:
    """One page: `text` is all that is known of it (title, body, description), empty for a figure nobody described.

    Pages of one document with the same `frame_group` are frames of one slide.
    """

    document_id: UUID
    page: int
    frame_group: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeckProposal:
    """A deck the lecture may go through. `similarity` in [0, 1]; `share` of the lecture it resembles most."""

    document_id: UUID
    similarity: float
    share: float


def align(
    windows: Sequence[SpeechWindow],
    slides: Sequence[AlignableSlide],
    *,
    alone: npt.NDArray[np.float32],
    around: npt.NDArray[np.float32],
    slide_vectors: npt.NDArray[np.float32],
    duration_ms: int,
    seen: Sequence[SeenSpan] = (),
) -> list[SlideSpan]:
    """Which slide was up when: spans in order that cover `[0, duration_ms)`; page None where none was.

    Frames of one slide are one slide here; the page named is the last of them, which shows everything. Without windows
    or without slides there is one span without a slide, or none for no duration.

    Args:
        windows: from `speech_windows`. slides: of the lecture's decks, each deck's pages together and in order.
        alone: unit vectors (n, d) of the windows' `text`; `around`: of their `around`.
        slide_vectors: unit vectors (m, d) of the slides; zeros for a slide without any.
        duration_ms: length of the lecture, at least the last window's end.
        seen: in order of time, what its pictures say for sure.
    """
    duration_ms = max(duration_ms, windows[-1].end_ms if windows else 0)
    frames = [list(group) for _, group in groupby(range(len(slides)), key=lambda at: _slide_key(slides[at]))]
    shown = [(slides[group[-1]].document_id, slides[group[-1]].page) for group in frames]
    numbers = {(slides[at].document_id, slides[at].page): n for n, group in enumerate(frames) for at in group}
    if not windows or not slides:
        nothing = SlideSpan(start_ms=0, end_ms=duration_ms, document_id=None, page=None, confidence=0.0)
        return laid_over([nothing] if duration_ms else [], seen, numbers, shown)
    texts = [_joined([slides[at].text for at in group]) for group in frames]
    deck_numbers = {document: number for number, document in enumerate(dict.fromkeys(s.document_id for s in slides))}
    decks = [deck_numbers[document] for document, _ in shown]
    vectors = Vectors(
        np.asarray(alone, np.float64),
        np.asarray(around, np.float64),
        np.stack([_unit(np.asarray(slide_vectors[group], np.float64).mean(axis=0)) for group in frames]),
    )
    count = len(windows)
    diagonal = (np.arange(count) + 0.5) / count
    said = _expecting(gather(windows, texts, vectors), diagonal)
    path = likeliest_path(deciding(said, windows, seen, numbers), windows, decks)
    learned = Vectors(vectors.alone, vectors.around, _learned(vectors, path))
    evidence = _expecting(gather(windows, texts, learned), _course(path, len(frames)))
    path = likeliest_path(deciding(evidence, windows, seen, numbers), windows, decks)
    spans = _spans(path, evidence, windows, [slides[group[-1]] for group in frames], duration_ms)
    return laid_over(spans, seen, numbers, shown) if seen else spans


def propose_decks(around: npt.NDArray[np.float32], decks: Mapping[UUID, npt.NDArray[np.float32]]) -> list[DeckProposal]:
    """The decks of a course by how much a lecture resembles them, the most alike first.

    `similarity`: how alike a slide and the three windows most like it are, in the mean over a deck's slides. Link
    those with `PROPOSE_SIMILARITY` and `PROPOSE_SHARE` or more.

    Args:
        around: unit vectors (n, d) of the windows' `around`.
        decks: unit vectors (m, d) of each deck's slides; slides without a vector (zeros) are left out.
    """
    alike = {
        document: similarity
        for document, slides in decks.items()
        if len(around) and (similarity := around @ slides[np.abs(slides).sum(axis=1) > 0].T).size
    }
    if not alike:
        return []
    most_alike = np.stack([similarity.max(axis=1) for similarity in alike.values()]).argmax(axis=0)
    proposals = [
        DeckProposal(
            document_id=document,
            similarity=float(np.clip(np.sort(similarity, axis=0)[-3:].mean(), 0.0, 1.0)),
            share=float((most_alike == number).mean()),
        )
        for number, (document, similarity) in enumerate(alike.items())
    ]
    return sorted(proposals, key=lambda proposal: (-proposal.similarity, str(proposal.document_id)))


def _slide_key(slide: AlignableSlide) -> tuple[UUID, int]:
    return slide.document_id, slide.frame_group


def _joined(texts: Sequence[str]) -> str:
    """The lines of all frames, each once."""
    return "\n".join(dict.fromkeys(line for text in texts for line in text.splitlines()))


def _unit(vector: Matrix) -> Matrix:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9))


def _learned(vectors: Vectors, path: Sequence[int]) -> Matrix:
    """The slides' vectors moved toward what was said while they were up."""
    slides = vectors.slides.copy()
    where = np.array(path)
    for slide in set(path) - {NO_SLIDE}:
        said = vectors.alone[where == slide]
        if len(said) >= _ENOUGH_WINDOWS:
            slides[slide] = _unit((1 - _LEARNED) * slides[slide] + _LEARNED * _unit(said.mean(axis=0)))
    return slides


def _course(path: Sequence[int], count: int) -> Matrix:
    """(n,): where in the decks (0 to 1) the lecture is around each window: the middle slide of a quarter of it."""
    where = np.array([(slide + 0.5) / count if slide != NO_SLIDE else np.nan for slide in path])
    width = max(5, int(len(path) * _COURSE_WIDTH))
    course = np.full(len(path), 0.5)
    for at in range(len(path)):
        near = where[max(0, at - width) : at + width + 1]
        if not np.isnan(near).all():
            course[at] = np.nanmedian(near)
    padded = np.pad(course, (width // 2, width - 1 - width // 2), mode="edge")
    return np.convolve(padded, np.ones(width) / width, mode="valid")


def _expecting(evidence: Evidence, course: Matrix) -> Evidence:
    """The evidence with slides far from the expected course made a little less likely."""
    places = (np.arange(evidence.slides.shape[1]) + 0.5) / evidence.slides.shape[1]
    off = np.minimum(_COURSE * (places[None, :] - course[:, None]) ** 2, _COURSE_MOST)
    return Evidence(evidence.slides - off * evidence.weights[:, None], evidence.none, evidence.weights)


def _spans(
    path: Sequence[int],
    evidence: Evidence,
    windows: Sequence[SpeechWindow],
    last_frames: Sequence[AlignableSlide],
    duration_ms: int,
) -> list[SlideSpan]:
    """Runs of the path as spans without gaps; a slide is up until the speech on the next one begins."""
    spans: list[SlideSpan] = []
    first = 0
    for state, group in groupby(path):
        end = first + len(list(group))
        slide = None if state == NO_SLIDE else last_frames[state]
        spans.append(
            SlideSpan(
                start_ms=windows[first].start_ms if first else 0,
                end_ms=windows[end].start_ms if end < len(windows) else duration_ms,
                document_id=slide.document_id if slide else None,
                page=slide.page if slide else None,
                confidence=_confidence(evidence, state, first, end),
            )
        )
        first = end
    return spans


def _confidence(evidence: Evidence, state: int, first: int, end: int) -> float:
    """How sure a span is, in [0, 1], from its windows' mean evidence: for the slide, or for none over the best."""
    weights = evidence.weights[first:end]
    if state == NO_SLIDE:
        sure = (evidence.none[first:end] - evidence.slides[first:end].max(axis=1)).sum() / weights.sum()
    else:
        sure = evidence.slides[first:end, state].sum() / weights.sum() * _SURE + _UNSURE
    return float(1 / (1 + np.exp(-sure)))
