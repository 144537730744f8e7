"""Reading caption files: bytes to cues in file order, with clean text and times exactly as written.

Here: encodings, the three formats (.srt, .vtt, .sbv, told apart line by line and never by name), markup, speaker
labels and sound cues. Not here: repairing times and repeats (`clean.py`) and writing (`formats.py`).
"""

import html
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

_TIME = r"(-?)(?:(\d{1,6}):)?(\d{1,3}):(\d{1,2})(?:[.,](\d{1,9}))?"
_ARROW = re.compile(rf"^\s*{_TIME}\s*-{{1,2}}>\s*{_TIME}(?:\s.*)?$")
_SBV = re.compile(r"^\s*(-?)(\d{1,6}):(\d\d):(\d\d)\.(\d{1,9}),(-?)(\d{1,6}):(\d\d):(\d\d)\.(\d{1,9})\s*$")
_INDEX = re.compile(r"^\s*\d{1,7}\s*$")
# `<s>` is missing on purpose: in courses on language models it is a token people talk about, not strike-through.
_TAG = re.compile(r"</?(?:i|b|u|em|strong|font|c|v|lang|ruby|rt|span)(?:[.\s][^<>]*)?>", re.IGNORECASE)
_TIME_TAG = re.compile(r"<\d+:[\d:.]+>")
_BREAK = re.compile(r"<br\s*/?>|\[br\]|\\[Nn](?=\s|$)", re.IGNORECASE)
_STYLE_OVERRIDE = re.compile(r"\{\\[^{}]*\}")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u200b-\u200f\u202a-\u202e\u2060\ufeff\u00ad]")
_TURN = re.compile(r"^(?:(?:>>+|[-–—](?=\s|\[))\s*)+")
_BRACKET_SPEAKER = re.compile(r"^\[[A-Z][a-z]+(?: \d+)?\]:?\s+")
_NUMBERED_SPEAKER = re.compile(r"^(?:speaker|sprecher|sprecherin|intervenant)[ _]?\d{1,3}\s*:\s*", re.IGNORECASE)
_NAMED_SPEAKER = re.compile(r"^([A-Z][A-Z.'-]{1,20}(?: [A-Z.'-]{1,20}){0,2}):\s+")
_NAMED_SPEAKER_TURNS = 3  # an upper-case word before a colon is a speaker only when it comes back; "GPU: ..." does not
_SOUND_WORDS = (
    r"music|applause|laugh\w*|cheer\w*|silence|noise|cough\w*|sighs?|inaudible|indistinct|whoosh\w*|"
    r"musik|applaus|beifall|gelächter|lachen|stille|unverständlich|musique|applaudissements|rires?|inaudible"
)
_SOUND_BRACKET = re.compile(rf"[\[(](?:[^\[\]()]{{0,40}}\b)?(?:{_SOUND_WORDS})\b[^\[\]()]{{0,40}}[\])]", re.IGNORECASE)
_WHOLE_PARENTHESIS = re.compile(r"^\([^()]*\)$")
_NOTES = re.compile(r"[♩-♬]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """One cue as displayed. Times in milliseconds as written: they may be negative, empty or out of order."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]

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


def decode_text(data: bytes) -> str:
    """Caption bytes as text: byte order marks first, then UTF-16 told by its zero bytes, UTF-8, and Windows-1252.

    Latin-1 is the last resort and never fails. Line ends become `\\n`; the doubled ones of `\\r\\r\\n` become one.
    """
    text = _decode(data)
    return text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")


def _decode(data: bytes) -> str:
    if data.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return data.decode("utf-32", "replace")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    head = data[:2000]
    if head.count(0) * 3 > len(head):
        return data.decode("utf-16-le" if head[1::2].count(0) >= head[::2].count(0) else "utf-16-be", "replace")
    for encoding in ("utf-8", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def read_cues(text: str, *, most: int) -> ReadCues | None:
    """All cues of a caption file in file order, their text cleaned; header, notes and styles are left out.

    None: there are more than `most`.

    A block without a time is the rest of the cue before it in .srt and .sbv (people leave empty lines inside), and a
    header, note or style in .vtt.
    """
    is_vtt = text.lstrip().startswith("WEBVTT")
    found: list[tuple[tuple[int, int] | None, list[str]]] = []
    for block in re.split(r"\n\n+", text):
        _read_block(block.split("\n"), found, is_vtt=is_vtt)
        if len(found) > most:
            return None
    timed = [(times, [line for raw in lines for line in _clean_lines(raw)]) for times, lines in found]
    speakers = _named_speakers(lines for _, lines in timed)
    cues: list[Cue] = []
    sounds = 0
    for times, lines in timed:
        spoken = [line for line in (_strip_labels(line, speakers) for line in lines) if line]
        heard = _without_sounds(spoken)
        sounds += bool(spoken) and not heard
        if times is not None and heard:
            cues.append(Cue(start_ms=times[0], end_ms=times[1], lines=tuple(heard)))
    return ReadCues(cues=tuple(cues), sounds=sounds, unreadable=sum(times is None for times, _ in found))


def _read_block(lines: list[str], found: list[tuple[tuple[int, int] | None, list[str]]], *, is_vtt: bool) -> None:
    """Append the cues of one block (lines between empty lines) to `found`, or its text to the cue before."""
    timed_at = [number for number, line in enumerate(lines) if "-->" in line or _SBV.match(line)]
    before = _without_index(lines[: timed_at[0]] if timed_at else lines, alone=not timed_at)
    if found and not is_vtt:
        found[-1][1].extend(before)
    for at, following in pairwise([*timed_at, len(lines)]):
        text = lines[at + 1 : following]
        found.append((_read_times(lines[at]), _without_index(text) if following < len(lines) else text))


def _without_index(lines: list[str], *, alone: bool = False) -> list[str]:
    """The lines without the number of the next cue, which stands right before its times or `alone` in its block."""
    is_index = bool(lines) and _INDEX.match(lines[-1]) and (not alone or len(lines) == 1)
    return lines[:-1] if is_index else lines


def _read_times(line: str) -> tuple[int, int] | None:
    match = _ARROW.match(line) or _SBV.match(line)
    if match is None:
        return None
    parts = match.groups()
    return _milliseconds(*parts[:5]), _milliseconds(*parts[5:])


def _milliseconds(sign: str, hours: str | None, minutes: str, seconds: str, fraction: str | None) -> int:
    value = (int(hours or 0) * 60 + int(minutes)) * 60_000 + int(seconds) * 1000
    value += int((fraction or "0").ljust(3, "0")[:3])
    return -value if sign else value


def _clean_lines(raw: str) -> list[str]:
    """One line of a file as lines of plain text: markup out, entities read, white space single."""
    text = _STYLE_OVERRIDE.sub("", _TIME_TAG.sub("", _TAG.sub("", _BREAK.sub("\n", raw))))
    text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    cleaned = (" ".join(_INVISIBLE.sub("", line).split()) for line in text.split("\n"))
    return [line for line in cleaned if line]


def _named_speakers(cues: Iterable[list[str]]) -> frozenset[str]:
    counts = Counter(match[1] for lines in cues if lines and (match := _NAMED_SPEAKER.match(_TURN.sub("", lines[0]))))
    return frozenset(name for name, turns in counts.items() if turns >= _NAMED_SPEAKER_TURNS)


def _strip_labels(line: str, speakers: frozenset[str]) -> str:
    """The line without dashes, arrows and names that say who speaks."""
    text = _TURN.sub("", line)
    if text != line:
        text = _BRACKET_SPEAKER.sub("", text)
    text = _NUMBERED_SPEAKER.sub("", text)
    match = _NAMED_SPEAKER.match(text)
    return text[match.end() :] if match and match[1] in speakers else text


def _without_sounds(lines: list[str]) -> list[str]:
    """The lines without "[Music]" and the like; a cue that is one parenthesis is a sound as a whole."""
    if _WHOLE_PARENTHESIS.match(" ".join(lines)):
        return []
    cleaned = (" ".join(_NOTES.sub(" ", _SOUND_BRACKET.sub(" ", line)).split()) for line in lines)
    return [line for line in cleaned if line]
