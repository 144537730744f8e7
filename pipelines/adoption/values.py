"""Values of former rows, read with suspicion: whatever cannot be what it should be is None."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID, uuid5

SPACE = UUID("5f0f3c1e-6f0b-5e0c-9d7b-0a4d6c2f8a11")
"""Namespace of ids that are made of former keys; it must never change."""

FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Times outside are none: a former column held whatever a client's clock said."""

CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""Ids of chats and messages in addresses."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_DIGITS = re.compile(r"[0-9]{1,18}")
LONGEST_NAME = 500
"""Characters of a name or key: an entry of an index has 2,700 bytes."""
LONGEST_NUMBER = 400
"""Digits of a number that is read as one; jsonb holds numbers of 130,000."""


def made_id(kind: str, key: str) -> UUID:
    """The id here of what has no UUID of its own there."""
    return uuid5(SPACE, f"{kind}:{key}")


def as_uuid(value: object) -> UUID | None:
    """A UUID as Python and PostgreSQL write it."""
    return UUID(value) if isinstance(value, str) and _UUID.fullmatch(value) else None


def as_sha256(value: object) -> str | None:
    """A sha256 as it is usually written."""
    return value.lower() if isinstance(value, str) and _SHA256.fullmatch(value) else None


def as_text(value: object) -> str | None:
    """A text."""
    return value if isinstance(value, str) else None


def as_seconds(value: object) -> datetime | None:
    """A time in seconds since 1970."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return _within(datetime.fromtimestamp(value, UTC))
    except (ValueError, OverflowError, OSError):
        return None


def as_time(value: object) -> datetime | None:
    """A time as PostgreSQL writes it in JSON."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return _within(found if found is None or found.tzinfo else found.replace(tzinfo=UTC))


def as_page(value: object) -> int | None:
    """A page from 1 on: an integer, a whole float, or digits."""
    if isinstance(value, str):
        value = int(value) if _DIGITS.fullmatch(value) else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 1 <= value < 2**31 else None


def as_ms(value: object) -> int | None:
    """Seconds, as milliseconds of a recording."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = round(value * 1000)
    except (ValueError, OverflowError):
        return None
    return found if 0 <= found < 2**31 else None


def read_json(text: str | None) -> Any:
    """A JSON value; None for SQL NULL. Numbers that no float holds are their digits as text.

    Raises:
        ValueError, RecursionError: it cannot be read.
    """
    return None if text is None else json.loads(text, parse_int=_int, parse_float=_float, parse_constant=_refused)


def arguments_of(text: object) -> Any:
    """Arguments of a tool call, which are JSON as text; what is not, or holds what no row could keep, stays text."""
    if not isinstance(text, str):
        return text
    try:
        found = read_json(text)
        return found if _storable(found) else text
    except (ValueError, RecursionError):
        return text


def short(text: str) -> str:
    """A name as it is; what no index could hold is cut."""
    return text if len(text) <= LONGEST_NAME else text[:LONGEST_NAME]


def content_text(content: object) -> str:
    """The words of a message: text as it is, of a list its texts, one a line, of anything else its JSON."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        texts = [each.get("text") if isinstance(each, Mapping) else each for each in content]
        return "\n".join(text for text in texts if isinstance(text, str))
    return json.dumps(content, ensure_ascii=False)


def fingerprint(record: object) -> bytes:
    """What tells two records apart: the same for what was to be written and for what is read back."""
    text = json.dumps(_plain(record), ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _plain(value: object) -> object:
    """Numbers that jsonb writes otherwise than Python, alike; times in one zone. It is called for every value of every
    row, so that what becomes of a type is decided once."""
    kind: Any = type(value)
    return _form(kind)(value)


@cache
def _form(kind: Any) -> Callable[[Any], object]:
    """What becomes of values of this type."""
    if is_dataclass(kind):
        names = [each.name for each in fields(kind) if each.compare]
        return lambda value: {name: _plain(getattr(value, name)) for name in names}
    if issubclass(kind, Mapping):
        return lambda value: {str(key): _plain(each) for key, each in value.items()}
    if issubclass(kind, list | tuple):
        return lambda value: [_plain(each) for each in value]
    if issubclass(kind, float):
        return lambda value: int(value) if value.is_integer() else value
    if issubclass(kind, datetime):
        return lambda value: value.astimezone(UTC).isoformat()
    return lambda value: value


def _storable(value: object) -> bool:
    if isinstance(value, str):
        return ("\0" not in value and value.isascii()) or _encodes(value)
    if isinstance(value, Mapping):
        return all(_storable(part) for pair in value.items() for part in pair)
    if isinstance(value, Sequence):
        return all(_storable(each) for each in value)
    return True


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _within(found: datetime | None) -> datetime | None:
    return found if found is not None and FIRST <= found < LAST else None


def _int(text: str) -> int | str:
    return int(text) if len(text) <= LONGEST_NUMBER else text


def _float(text: str) -> float | str:
    found = float(text)
    return text if found in (float("inf"), float("-inf")) else found


def _refused(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")
