"""Stretches in which somebody speaks, of up to 30 seconds, which Whisper hears at once.

Silero's voice detector, which ships inside the faster-whisper wheel, with the settings of faster-whisper's own batched
pipeline; stretches are filled as that pipeline fills them, so that pieces of a recording are heard as the whole is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.steps.speech.worker import RATE

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

STRETCH_S = 30
"""What Whisper hears at once."""

_SHORTEST_PAUSE_MS = 160


@dataclass(frozen=True, slots=True)
class Stretch:
    """Speech heard at once: sample ranges `[start, end)` in order, the silence between them left out."""

    spans: tuple[tuple[int, int], ...]

    @property
    def start(self) -> int:
        """First sample."""
        return self.spans[0][0]

    @property
    def end(self) -> int:
        """One past the last sample."""
        return self.spans[-1][1]

    @property
    def length(self) -> int:
        """Samples of speech, silence not counted."""
        return sum(end - start for start, end in self.spans)


def find_stretches(samples: "npt.NDArray[np.float32]") -> list[Stretch]:
    """The speech in samples `(n,)` at 16 kHz, in order; an empty list: nobody speaks."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(max_speech_duration_s=STRETCH_S, min_silence_duration_ms=_SHORTEST_PAUSE_MS)
    return fill([(span["start"], span["end"]) for span in get_speech_timestamps(samples, options)])


def fill(spans: Sequence[tuple[int, int]]) -> list[Stretch]:
    """Spans of speech packed in order, as many into a stretch as fit."""
    stretches: list[list[tuple[int, int]]] = []
    used = 0
    for start, end in spans:
        if not stretches or used + end - start > STRETCH_S * RATE:
            stretches.append([])
            used = 0
        stretches[-1].append((start, end))
        used += end - start
    return [Stretch(tuple(stretch)) for stretch in stretches]


class Timeline:
    """Times in speech without its silences, as times in the samples it was taken from."""

    def __init__(self, stretches: Sequence[Stretch]) -> None:
        self._spans: list[tuple[int, int]] = []  # (first sample without silences, first sample with them)
        self.clips: list[tuple[int, int]] = []
        at = 0
        for stretch in stretches:
            self.clips.append((at, at + stretch.length))
            for start, end in stretch.spans:
                self._spans.append((at, start))
                at += end - start

    def original_ms(self, start_s: float, end_s: float) -> tuple[int, int]:
        """Start and end of one word, in seconds of the speech, as milliseconds of the samples.

        Both are moved by the silence before the word's middle, so that no word is stretched over a silence.
        """
        middle = (start_s + end_s) / 2 * RATE
        before = [span for span in self._spans if span[0] <= middle] or self._spans[:1]
        moved = (before[-1][1] - before[-1][0]) * 1000 / RATE
        return round(start_s * 1000 + moved), round(end_s * 1000 + moved)
