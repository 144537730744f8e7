"""Reader of caption files that are documents: TTML (and DFXP), and the JSON of Whisper, YouTube, Panopto and kin."""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from pipelines.steps.captions.cues import Block

_OFFSET = re.compile(r"^(\d+(?:\.\d+)?)(h|m|s|ms|f|t)$")
_CLOCK = re.compile(r"^(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)(?::(\d+))?$")
_UNIT_MS = {"h": 3_600_000.0, "m": 60_000.0, "s": 1000.0, "ms": 1.0}
_DEFAULT_FRAMES = 30.0
_TEXTS = ("text", "caption", "transcript", "utf8", "sentence")
_STARTS = (("start_ms", 1), ("startms", 1), ("tstartms", 1), ("start", 1000), ("starttime", 1000), ("begin", 1000))
_STARTS_TOO = (("from", 1000), ("time", 1000), ("offset", 1000))
_ENDS = (("end_ms", 1), ("endms", 1), ("end", 1000), ("endtime", 1000), ("to", 1000))
_LENGTHS = (("dduration_ms", 1), ("ddurationms", 1), ("duration_ms", 1), ("duration", 1000), ("dur", 1000))


def read_ttml(text: str) -> list[Block] | None:
    """The cues of a TTML document in file order; None when the text is no such document.

    A paragraph without times of its own takes those of what it stands in.
    """
    if "<tt" not in text[:2000] or "<!ENTITY" in text:
        return None
    try:
        root = ElementTree.fromstring(text)  # noqa: S314  entities are refused above, and this runs in the bounded child
    except ElementTree.ParseError:
        return None
    frames = float(_attribute(root, "frameRate") or _DEFAULT_FRAMES) or _DEFAULT_FRAMES
    ticks = float(_attribute(root, "tickRate") or 0) or frames
    return list(_paragraphs(root, (None, None), {**_UNIT_MS, "f": 1000 / frames, "t": 1000 / ticks}))


def read_json(text: str) -> list[Block] | None:
    """The cues of a JSON transcript in file order; None when the text is none.

    Any list of objects with a text and a start is one: `segments` of Whisper (seconds), `events` of YouTube's json3
    (milliseconds), lists of Panopto and others. Where lists are nested, the outermost is taken.
    """
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        rows = _find_rows(json.loads(text))
    except (ValueError, RecursionError):
        return None
    if rows is None:
        return None
    blocks = [(_row_times(row), _row_text(row).split("\n")) for row in rows]
    starts = sorted(times[0] for times, _ in blocks if times)
    return [
        ((times[0], times[1] if times[1] is not None else _next_start(times[0], starts)) if times else None, lines)
        for times, lines in blocks
    ]


def _paragraphs(node: ElementTree.Element, within: tuple[Any, Any], units: dict[str, float]) -> Iterator[Block]:
    begin = _offset(node.get("begin"), units)
    end, length = _offset(node.get("end"), units), _offset(node.get("dur"), units)
    if end is None and begin is not None and length is not None:
        end = begin + length
    times = (begin if begin is not None else within[0], end if end is not None else within[1])
    if _name(node) == "p":
        spans = list(node.iter())
        timed = next((span for span in spans[1:] if span.get("begin")), None)
        if begin is None and timed is not None:
            for span in spans[1:]:
                if span.get("begin"):
                    start, stop = _offset(span.get("begin"), units), _offset(span.get("end"), units)
                    yield _block((start, stop), _text(span))
            return
        yield _block(times, _text(node))
        return
    for child in node:
        yield from _paragraphs(child, times, units)


def _block(times: tuple[Any, Any], text: str) -> Block:
    start, end = times
    whole = None if start is None else (int(start), int(end if end is not None else start))
    return whole, [line.strip() for line in text.split("\n")]


def _text(node: ElementTree.Element) -> str:
    own = "\n" if _name(node) == "br" else " ".join((node.text or "").split("\n"))
    return own + "".join(_text(child) + " ".join((child.tail or "").split("\n")) for child in node)


def _name(node: ElementTree.Element) -> str:
    return str(node.tag).rpartition("}")[2]


def _attribute(node: ElementTree.Element, name: str) -> str | None:
    return next((value for key, value in node.attrib.items() if key.rpartition("}")[2] == name), None)


def _offset(value: str | None, units: dict[str, float]) -> float | None:
    """A TTML time expression in ms (https://www.w3.org/TR/ttml2/#timing-value-time-expression); None: no such thing."""
    if match := _OFFSET.match((value or "").strip()):
        return float(match[1]) * units[match[2]]
    if match := _CLOCK.match((value or "").strip()):
        seconds = (int(match[1] or 0) * 60 + int(match[2])) * 60 + float(match[3])
        return seconds * 1000 + int(match[4] or 0) * units["f"]
    return None


def _find_rows(value: Any) -> list[dict[str, Any]] | None:
    if isinstance(value, list):
        rows = [{str(key).lower(): each for key, each in row.items()} for row in value if isinstance(row, dict)]
        good = [row for row in rows if _row_times(row) and _row_text(row).strip()]
        if good and len(good) * 2 >= len(rows):
            return good
    nested = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for each in nested if (found := _find_rows(each))), None)


def _row_times(row: dict[str, Any]) -> tuple[int, int | None] | None:
    start = _first_ms(row, (*_STARTS, *_STARTS_TOO))
    if start is None:
        return None
    end, length = _first_ms(row, _ENDS), _first_ms(row, _LENGTHS)
    if end is None and length is not None:
        end = start + length
    return start, end


def _first_ms(row: dict[str, Any], names: tuple[tuple[str, int], ...]) -> int | None:
    for name, scale in names:
        value = row.get(name)
        if isinstance(value, str):
            clock = _offset(value.replace(",", "."), _UNIT_MS | {"f": 0.0, "t": 0.0})
            if clock is not None:
                return int(clock)
            value = float(value) if re.fullmatch(r"\d+(?:\.\d+)?", value) else None
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12:
            return int(value * scale)
    return None


def _row_text(row: dict[str, Any]) -> str:
    for name in _TEXTS:
        if isinstance(row.get(name), str):
            return str(row[name])
    pieces = row.get("segs")
    found = pieces if isinstance(pieces, list) else []
    return "".join(str(piece.get("utf8", "")) for piece in found if isinstance(piece, dict))


def _next_start(start: int, starts: list[int]) -> int:
    after = bisect_right(starts, start)
    return starts[after] if after < len(starts) else start
