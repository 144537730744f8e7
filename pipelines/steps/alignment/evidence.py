"""Evidence that a window of speech is about a slide: meaning (vectors) and rare words together.

Both are compared within the lecture and never across lectures: a slide that resembles everything (an agenda) and a
window that resembles everything ("as you can see") say little, so what is common to a row or a column is taken away,
and from the vectors before that what all slides, and all that is said, have in common (Mu and Viswanath 2018,
https://arxiv.org/abs/1702.01417, take the mean of word vectors away for the same reason).
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.steps.alignment.windows import WINDOW_MS, SpeechWindow

Matrix = npt.NDArray[np.float64]

# Weights of the four parts, in standard deviations of evidence for a window of WINDOW_MS. Found on the cases of
# bench/alignment.py, where leaving the words out costs four points and changing a weight by a half one or two.
_MEANING_AROUND, _MEANING_ALONE, _WORDS_AROUND, _WORDS_ALONE = 0.5, 0.4, 0.3, 0.2
_COMMON_TO_SLIDE, _COMMON_TO_WINDOW = 0.5, 0.3  # share of a column's and a row's mean that is taken away
_LEAST, _MOST = -2.0, 4.0  # one window never decides alone
_NO_SLIDE = 0.6  # evidence for "no slide": a slide must be this much likelier than usual
_OFF_TOPIC = 0.2  # more of it where speech resembles no slide at all
_EMPTY_SLIDE = 0.2  # a page without text (a figure) is a little likelier than no slide, between its neighbours
_NEIGHBOUR = 0.5  # a word of the window before or after counts half
_WORD = re.compile(r"[^\W\d_]{3,}|\d{2,}")
_STEM = 6  # letters of a word that are compared: a stemmer for every language with endings


@dataclass(frozen=True, slots=True)
class Evidence:
    """`slides` (n windows, m slides) and `none` (n,): how much each window speaks for each slide, and for none.

    Scaled by the windows' lengths; 0 is neutral. `weights` (n,) are those lengths, 1 for `WINDOW_MS`.
    """

    slides: Matrix
    none: Matrix
    weights: Matrix


@dataclass(frozen=True, slots=True)
class Vectors:
    """Unit vectors: `alone` and `around` (n, d) of the windows' two texts, `slides` (m, d); zeros where no text is."""

    alone: Matrix
    around: Matrix
    slides: Matrix


def gather(windows: Sequence[SpeechWindow], texts: Sequence[str], vectors: Vectors) -> Evidence:
    """The evidence of all windows for all slides.

    Args:
        texts: of the m slides; empty where a slide has none.
    """
    speaks = np.array([len(_terms(text)) > 1 for text in texts]) & (np.abs(vectors.slides).sum(axis=1) > 0)
    weights = np.clip([(window.end_ms - window.start_ms) / WINDOW_MS for window in windows], 0.3, 2.0)
    none = np.full(len(windows), _NO_SLIDE)
    slides = np.zeros((len(windows), len(texts)))
    if speaks.any():
        shown, usual = _without_usual(vectors.slides), _usual(vectors.alone)
        around = _units(vectors.around - usual) @ shown.T
        parts = (
            (_MEANING_AROUND, around),
            (_MEANING_ALONE, _units(vectors.alone - usual) @ shown.T),
            (_WORDS_AROUND, _shared_words(windows, texts, neighbour=_NEIGHBOUR)),
            (_WORDS_ALONE, _shared_words(windows, texts, neighbour=0.0)),
        )
        slides = np.clip(sum(weight * _contrast(part, speaks) for weight, part in parts), _LEAST, _MOST)
        best = np.convolve(around[:, speaks].max(axis=1), np.ones(3) / 3)[1:-1]  # as long as it was, of one window too
        none += _OFF_TOPIC * (np.median(best) - best) / max(float(best.std()), 1e-6)
    slides[:, ~speaks] = (none + _EMPTY_SLIDE)[:, None]
    return Evidence(slides * weights[:, None], none * weights, weights)


def _without_usual(vectors: Matrix) -> Matrix:
    """Unit vectors of what sets each apart from the others; zeros stay zeros."""
    some = np.abs(vectors).sum(axis=1) > 0
    return np.where(some[:, None], _units(vectors - _usual(vectors[some])), 0.0)


def _usual(vectors: Matrix) -> Matrix:
    """(d,): what the vectors have in common, the subject of a lecture; of a few vectors a little less."""
    return np.asarray(vectors.sum(axis=0) / (len(vectors) + 1))


def _units(vectors: Matrix) -> Matrix:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9))


def _contrast(similarity: Matrix, speaks: npt.NDArray[np.bool_]) -> Matrix:
    """Similarities without what is common to a slide or a window, in standard deviations."""
    apart = similarity - _COMMON_TO_SLIDE * similarity.mean(axis=0, keepdims=True)
    apart = apart - _COMMON_TO_WINDOW * similarity[:, speaks].mean(axis=1, keepdims=True)
    return np.asarray(apart / max(float(apart[:, speaks].std()), 1e-6))


def _shared_words(windows: Sequence[SpeechWindow], texts: Sequence[str], *, neighbour: float) -> Matrix:
    """(n, m): words a window and a slide share, each by how rare it is in the deck and in the lecture."""
    spoken = [Counter(_terms(window.text)) for window in windows]
    shown = [Counter(_terms(text)) for text in texts]
    on_slides = Counter(term for counts in shown for term in counts)
    in_windows = Counter(term for counts in spoken for term in counts)
    number = {term: at for at, term in enumerate(on_slides)}
    rarity = np.sqrt(
        [
            math.log(1 + len(texts) / count) * math.log(1 + len(windows) / (1 + in_windows[term]))
            for term, count in on_slides.items()
        ]
    )
    slides, speech = np.zeros((len(texts), len(number))), np.zeros((len(windows), len(number)))
    for row, counts in enumerate(shown):
        for term, count in counts.items():
            slides[row, number[term]] = 1 + math.log(count)
    for row, counts in enumerate(spoken):
        known = [number[term] for term in counts if term in number]
        for at, weight in ((row, 1.0), (row - 1, neighbour), (row + 1, neighbour)):
            if 0 <= at < len(windows):
                speech[at, known] = np.maximum(speech[at, known], weight)
    slides, speech = slides * rarity, speech * rarity
    lengths = np.sqrt(np.linalg.norm(slides, axis=1))  # half the usual correction: long slides are long for a reason
    return np.asarray(speech @ slides.T / np.maximum(lengths, 1e-6))


def _terms(text: str) -> list[str]:
    return [word[:_STEM] for word in _WORD.findall(text.lower())]
