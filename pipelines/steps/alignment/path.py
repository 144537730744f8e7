"""The likeliest way through the decks: mostly forward, sometimes back, sometimes no slide at all.

A Viterbi search over states "slide j is up" and "no slide, j was the last one", so that talk without a slide does not
forget where the lecture was. Costs are in the units of `alignment_evidence`: 1 is a standard deviation of one window.
"""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
import numpy.typing as npt

from pipelines.steps.alignment.evidence import Evidence, Matrix
from pipelines.steps.alignment.windows import SpeechWindow

NO_SLIDE = -1

# Found with bench/alignment.py; the result hardly moves when any of them moves by a quarter.
_NEXT = 0.5  # turning to the next slide
_SKIP = 3.0  # times the logarithm of how many slides further
_BACK = 5.0  # turning back, plus ...
_BACK_FAR = 0.7  # ... times the logarithm of how many slides back
_FARTHEST = 11.0  # no jump inside a deck costs more
_OTHER_DECK, _MIDDLE_OF_IT = 7.0, 5.0  # turning to the first slide of another deck; to a later one
_LATE_START = 4.0  # most that beginning in the middle of a deck costs
_LEAVE, _RETURN = 3.0, 1.0  # talk without a slide begins and ends
_QUICK = 3.0  # windows a slide up to which turning costs this much; it grows with slower lectures, whose windows repeat
_SLOWEST = 4.0  # times as much at most: in the slowest lecture people still turn back
_PAUSE, _OPENING = 0.5, 0.5  # slides change after a pause of a second, and before "so", "now", "okay"


def likeliest_path(evidence: Evidence, windows: Sequence[SpeechWindow], decks: Sequence[int]) -> list[int]:
    """For each window the number of the slide that is up, or `NO_SLIDE`.

    Args:
        decks: for each slide the number of its deck; slides of a deck stand together, in order.
    """
    step = _costs(decks) * min(max(1.0, len(windows) / len(decks) / _QUICK), _SLOWEST)
    changes = np.array([_PAUSE * min(w.pause_ms / 1000, 1.0) + _OPENING * w.opens for w in windows])
    changes -= changes.mean()
    slides = np.arange(len(decks))
    moving = (slides[:, None] != slides[None, :]).astype(float)
    inside = np.concatenate([np.arange(len(list(group))) for _, group in groupby(decks)])
    shown = evidence.slides[0] - np.minimum(_SKIP * np.log1p(inside), _LATE_START)
    away = np.where(inside == 0, evidence.none[0], -np.inf)
    back: list[tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]] = []
    for at in range(1, len(windows)):
        (shown, away), pointers = _advance(shown, away, step - changes[at] * moving, float(changes[at]))
        shown, away = shown + evidence.slides[at], away + evidence.none[at]
        back.append(pointers)
    state = int(np.argmax(np.concatenate([shown, away])))
    path = [state]
    for to_shown, to_away in reversed(back):
        state = int(to_shown[state] if state < len(decks) else to_away[state - len(decks)])
        path.append(state)
    return [state if state < len(decks) else NO_SLIDE for state in reversed(path)]


def _advance(
    shown: Matrix, away: Matrix, step: Matrix, change: float
) -> tuple[tuple[Matrix, Matrix], tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]]:
    """One window on: the best score of each state and the state it came from ("away" states count on from m)."""
    count = len(shown)
    slides = np.arange(count)
    from_shown = shown[:, None] - step
    from_away = away[:, None] - step - _RETURN + change * np.eye(count)
    first, second = from_shown.argmax(axis=0), from_away.argmax(axis=0)
    stayed, returned = from_shown[first, slides], from_away[second, slides]
    to_shown = np.where(returned > stayed, second + count, first).astype(np.int32)
    left = shown - _LEAVE + change
    to_away = np.where(left > away, slides, slides + count).astype(np.int32)
    return (np.maximum(stayed, returned), np.maximum(left, away)), (to_shown, to_away)


def _costs(decks: Sequence[int]) -> Matrix:
    """(m, m): what turning from one slide to another costs."""
    deck = np.array(decks)
    slides = np.arange(len(deck))
    distance = slides[None, :] - slides[:, None]
    forward = _NEXT + _SKIP * np.log(np.maximum(distance, 1))
    backward = _NEXT + _BACK + _BACK_FAR * np.log(np.maximum(-distance, 1))
    inside = np.where(distance == 0, 0.0, np.minimum(np.where(distance > 0, forward, backward), _FARTHEST))
    first = np.concatenate([[True], deck[1:] != deck[:-1]])
    outside = np.where(first, _OTHER_DECK, _OTHER_DECK + _MIDDLE_OF_IT)
    return np.asarray(np.where(deck[:, None] == deck[None, :], inside, outside[None, :]))
