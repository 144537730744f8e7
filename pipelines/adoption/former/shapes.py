"""JSON of the former system read for what it should be: whatever else stands there becomes a text, a None, or nothing.

Each function takes any value that `json` gives and raises for none of them.
"""

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

FIRST_S, LAST_S = 0, 7_258_118_400
"""Times the former system can mean, in seconds since 1970: up to the end of 2199."""

DIGITS = re.compile(r"[0-9]{1,9}\Z")
UUID_TEXT = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z")

MOST_PAGES = 1_000_000
LONGEST_MS = 1_000_000_000
"""Eleven days: what is said to be later in a recording is no time."""


def text_of(value: Any) -> str:
    """Content as text: a text as it is, the texts of a list one a line, nothing for None, any other as its JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(_part(part) for part in value)
    return json.dumps(value, ensure_ascii=False)


def _part(part: Any) -> str:
    if isinstance(part, dict) and isinstance(part.get("text"), str):
        return str(part["text"])
    return text_of(part) if not isinstance(part, list) else json.dumps(part, ensure_ascii=False)


def objects_of(value: Any) -> tuple[list[dict[str, Any]], int]:
    """The objects of a list, and how many other things were passed over; one for a value that is no list at all."""
    if value is None:
        return [], 0
    if not isinstance(value, list):
        return [], 1
    found = [each for each in value if isinstance(each, dict)]
    return found, len(value) - len(found)


def object_of(value: Any) -> Mapping[str, Any]:
    """An object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def word_of(value: Any) -> str | None:
    """A text that is not empty; None for anything else."""
    return value if isinstance(value, str) and value else None


def uuid_of(value: Any) -> UUID | None:
    """A UUID in its usual form of 36 characters, in capitals or not."""
    if isinstance(value, UUID):
        return value
    return UUID(value) if isinstance(value, str) and UUID_TEXT.match(value) else None


def time_of(seconds: Any) -> datetime | None:
    """A time told in seconds since 1970; None outside 1970 to 2199 and for anything that is no number."""
    number = _number(seconds)
    return datetime.fromtimestamp(number, UTC) if number is not None and FIRST_S <= number < LAST_S else None


def page_of(value: Any) -> int | None:
    """A page's number from 1: an integer, a whole float or digits."""
    if isinstance(value, str):
        page = int(value) if DIGITS.match(value) else None
    else:
        number = _number(value)
        page = int(number) if number is not None and number == int(number) else None
    return page if page is not None and 1 <= page <= MOST_PAGES else None


def ms_of(seconds: Any) -> int | None:
    """Milliseconds from the start of a recording, of a time told in seconds; None for anything that is none."""
    number = _number(seconds)
    if number is None or number < 0:
        return None
    ms = round(number * 1000)
    return ms if ms <= LONGEST_MS else None


def arguments_of(value: Any) -> Any:
    """Arguments of a call: the JSON that a text holds, or else the text; any other value as it is."""
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
