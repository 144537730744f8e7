"""Reader of caption files: text to cues in file order, with clean words and times exactly as written.

Here: the formats made of lines (.srt, .vtt, .sbv, told apart line by line and never by name). Encodings, markup,
speaker labels, sounds and services' notes have a module each; TTML and JSON are in `structured.py`. Repairing times
and repeats is `clean.py`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from pipelines.steps.captions.labels import named_speakers, without_label
from pipelines.steps.captions.markup import plain_lines
from pipelines.steps.captions.notes import without_note
from pipelines.steps.captions.sounds import without_sounds

_TIME = r"(-?)(?:(\d{1,6})\s*:\s*)?(\d{1,3})\s*:\s*(\d{1,2})(?:\s*([.,:;])\s*(\d{1,9}))?"
_ARROW = re.compile(rf"^\s*{_TIME}\s*-{{1,2}}>\s*{_TIME}(?:\s.*)?$")
_SBV = re.compile(r"^\s*(-?)(\d{1,6}):(\d\d):(\d\d)(\.)(\d{1,9}),(-?)(\d{1,6}):(\d\d):(\d\d)(\.)(\d{1,9})\s*$")
_NO_WORDS = r"(?:(?!(?<!\S)[^\W\d_]{2})[^>])"
_LIKE_TIMES = re.compile(
    rf"^\s*-?\d{{1,6}}\s*:\s*\d{_NO_WORDS}{{0,40}}?-{{1,2}}>|^{_NO_WORDS}{{0,20}}-{{1,2}}>\s*-?\d{{1,6}}\s*:\s*\d"
)
"""A line of times nobody can read; an arrow in speech (`u --> v`) has no clock at its start or behind it, or words
before it (`from 10:30 --> 11:45`)."""
_INDEX = re.compile(r"^\s*\d{1,7}\s*$")
_FRAME_RATES = (24, 25, 30, 50, 60)
_FRAME_MARKS = (":", ";")
_FRAME_DIGITS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """One cue as displayed. Times in milliseconds as written: they may be negative, empty or out of order.

    `speaker` is who says it, as the file names them; None where it does not.
    """

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]
    speaker: str | None = None

    @property
    def text(self) -> str:
        """The lines as one sentence-like string."""
        return " ".join(self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadCues:
    """Cues with text, in file order. `sounds` cues held only sounds; `unreadable` had times nobody can read."""

    cues: tuple[Cue, ...]
    sounds: int
    unreadable: int


Block = tuple[tuple[int, int] | None, list[str]]
"""Start and end in ms (None: unreadable) of one cue, and its lines as written."""


def read_cues(text: str, *, most: int) -> ReadCues | None:
    """All cues of a caption file in file order, their text cleaned; header, notes and styles are left out.

    None: there are more than `most`.

    A block without a time is the rest of the cue before it in .srt and .sbv (people leave empty lines inside), and a
    header, note or style in .vtt.
    """
    is_vtt = text.lstrip().startswith("WEBVTT")
    rate = _frame_rate(text)
    found: list[Block] = []
    for block in re.split(r"\n\n+", text):
        _read_block(block.split("\n"), found, is_vtt=is_vtt, rate=rate)
        if len(found) > most:
            return None
    return clean_cues(found, is_vtt=is_vtt)


def clean_cues(found: Sequence[Block], *, is_vtt: bool) -> ReadCues:
    """Blocks of any format as cues: markup, speaker labels, sounds and services' notes out of their text."""
    plain = [plain_lines("\n".join(lines), is_vtt=is_vtt) for _, lines in found]
    speakers = named_speakers(lines for lines, _ in plain)
    cues: list[Cue] = []
    sounds = 0
    for (times, _), (lines, voice) in zip(found, plain, strict=True):
        labelled = [without_label(line, speakers) for line in lines]
        speaker = voice or next((name for _, name in labelled if name), None)
        spoken = [line for line, _ in labelled if line]
        heard = without_sounds(spoken)
        sounds += bool(spoken) and not heard
        if times is not None and heard:
            cues.append(Cue(start_ms=times[0], end_ms=times[1], lines=tuple(heard), speaker=speaker))
    kept = tuple(_without_notes(cues))
    return ReadCues(cues=kept, sounds=sounds, unreadable=sum(times is None for times, _ in found))


def _without_notes(cues: Sequence[Cue]) -> Iterator[Cue]:
    for number, cue in enumerate(cues):
        if number not in (0, len(cues) - 1) or (text := without_note(cue.text)) == cue.text:
            yield cue
        elif text:
            yield replace(cue, lines=(text,))


def _read_block(lines: list[str], found: list[Block], *, is_vtt: bool, rate: int) -> None:
    """Append the cues of one block (lines between empty lines) to `found`, or its text to the cue before."""
    timed_at = [number for number, line in enumerate(lines) if _is_timed(line)]
    before = _without_index(lines[: timed_at[0]] if timed_at else lines, alone=not timed_at)
    if found and not is_vtt:
        found[-1][1].extend(before)
    for at, following in pairwise([*timed_at, len(lines)]):
        text = lines[at + 1 : following]
        found.append((_read_times(lines[at], rate), _without_index(text) if following < len(lines) else text))


def _is_timed(line: str) -> bool:
    return ("->" in line and bool(_ARROW.match(line) or _LIKE_TIMES.match(line))) or bool(_SBV.match(line))


def _without_index(lines: list[str], *, alone: bool = False) -> list[str]:
    """The lines without the number of the next cue, which stands right before its times or `alone` in its block."""
    is_index = bool(lines) and _INDEX.match(lines[-1]) and (not alone or len(lines) == 1)
    return lines[:-1] if is_index else lines


def _read_times(line: str, rate: int) -> tuple[int, int] | None:
    match = _ARROW.match(line) or _SBV.match(line)
    if match is None:
        return None
    parts = match.groups()
    return _milliseconds(parts[:6], rate), _milliseconds(parts[6:], rate)


def _milliseconds(parts: Sequence[str | None], rate: int) -> int:
    """Sign, hours, minutes, seconds, the mark before the fraction and the fraction of one time, as matched."""
    sign, hours, minutes, seconds, mark, fraction = parts
    value = (int(hours or 0) * 60 + int(minutes or 0)) * 60_000 + int(seconds or 0) * 1000
    if mark in _FRAME_MARKS and fraction is not None and len(fraction) <= _FRAME_DIGITS:
        value += int(fraction) * 1000 // rate
    else:
        value += int((fraction or "0").ljust(3, "0")[:3])
    return -value if sign else value


def _frame_rate(text: str) -> int:
    """Frames a second of times that count frames (`00:00:01:12`): the lowest usual rate that has all their numbers."""
    frames = re.findall(r"\d\s*:\s*\d{1,2}\s*[:;]\s*(\d{2})(?!\d)\s*(?:-{1,2}>|$)", text, re.MULTILINE)
    highest = max((int(frame) for frame in frames), default=0)
    return next((rate for rate in _FRAME_RATES if highest < rate), _FRAME_RATES[-1])
