"""Speech in short windows, the grain at which a lecture is aligned with its slides."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipelines.core.records import Segment

WINDOW_MS = 6000
"""Length a window tends to: one or two sentences. Windows of 4 s and of 10 s align a few points worse."""

_LONGEST_MS = 8000  # a segment longer than this is cut at its words' times when it has them
_PAUSE_MS = 5000  # windows never span a longer pause
# Words people change the slide with; English, German, French.
_OPENER = re.compile(
    r"^(?:so|now|okay|ok|well|next|then|first|second|finally|let's|let us|all right|alright|right|good|here|and here|"
    r"and now|what|jetzt|nun|also|dann|gut|zuerst|schließlich|hier|alors|maintenant|ensuite|donc|voyons|enfin|ici)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechWindow:
    """A few seconds of speech. `around` is its text between its neighbours', which says better what it is about.

    `pause_ms` is the silence before it; `opens` tells whether it begins as people begin a new slide.
    """

    start_ms: int
    end_ms: int
    text: str
    around: str
    pause_ms: int
    opens: bool


def speech_windows(segments: Sequence[Segment], *, window_ms: int = WINDOW_MS) -> list[SpeechWindow]:
    """Cut ascending speech into windows; no segments give no windows.

    Each text and each `around` is to be embedded, in this order, for `alignment.align`.
    """
    pieces = [piece for segment in segments for piece in _pieces(segment)]
    groups: list[list[Segment]] = []
    for piece in pieces:
        if (
            not groups
            or groups[-1][-1].end_ms - groups[-1][0].start_ms >= window_ms
            or piece.end_ms - groups[-1][0].start_ms > window_ms * 4 // 3
            or piece.start_ms - groups[-1][-1].end_ms >= _PAUSE_MS
        ):
            groups.append([])
        groups[-1].append(piece)
    texts = [" ".join(piece.text for piece in group) for group in groups]
    return [
        SpeechWindow(
            start_ms=group[0].start_ms,
            end_ms=group[-1].end_ms,
            text=texts[at],
            around=" ".join(texts[max(0, at - 1) : at + 2]),
            pause_ms=max(0, group[0].start_ms - groups[at - 1][-1].end_ms) if at else 0,
            opens=_OPENER.match(texts[at]) is not None,
        )
        for at, group in enumerate(groups)
    ]


def _pieces(segment: Segment) -> Iterator[Segment]:
    """The segment, or equal parts of a long one that has words with times."""
    length_ms = segment.end_ms - segment.start_ms
    if length_ms <= _LONGEST_MS or len(segment.words) < 2:
        yield segment
        return
    parts = -(-length_ms // WINDOW_MS)
    edges = [segment.start_ms + length_ms * part // parts for part in range(1, parts + 1)]
    words = list(segment.words)
    for edge in edges:
        inside = [word for word in words if word.start_ms < edge]
        words = words[len(inside) :]
        if inside:
            text = " ".join(word.text for word in inside)
            yield Segment(start_ms=inside[0].start_ms, end_ms=max(inside[-1].end_ms, inside[0].start_ms + 1), text=text)
