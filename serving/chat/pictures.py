"""Pictures that people sent with questions in a former deployment: shown from here, by signed links.

They lie in the question's parts as `data:` addresses. What a picture is, its first bytes say, not what it was called:
SVG and HTML are none, and nothing is fetched from anywhere.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any
from uuid import UUID

Part = dict[str, Any]
MOST_CHARS = 28_000_000
"""Of a picture in base64: 20 MB, what the former system's model took."""
_HEAD_CHARS = 24
_MARK = ";base64,"


def media_type(head: bytes) -> str | None:
    """The kind of picture that begins like this; None: none that a browser draws safely."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    return "image/webp" if head[:4] == b"RIFF" and head[8:12] == b"WEBP" else None


def bytes_of(part: Mapping[str, Any]) -> tuple[bytes, str] | None:
    """A picture's bytes and kind; None: it is none, or larger than any that was sent."""
    text = _base64_of(part)
    kind = _kind_of(text)
    try:
        return None if kind is None else (base64.b64decode(text, validate=True), kind)
    except binascii.Error:
        return None


def linked(parts: list[Part], key: UUID, chat_id: str, sign: Callable[[str], str]) -> list[Part]:
    """These parts of a message, links in place of the bytes of pictures; an empty one where nothing can be shown."""
    numbers = count()

    def shown(part: Part) -> Part:
        kind, path = _kind_of(_base64_of(part)), f"/api/sessions/{chat_id}/pictures/{key}/{next(numbers)}"
        return {"type": "file", "mediaType": kind or "application/octet-stream", "url": sign(path) if kind else ""}

    return [shown(part) if part.get("type") == "file" else part for part in parts]


def _base64_of(part: Mapping[str, Any]) -> str:
    url = part.get("url")
    head, mark, text = url.partition(_MARK) if isinstance(url, str) else ("", "", "")
    return text if mark and head.startswith("data:image/") and len(text) <= MOST_CHARS else ""


def _kind_of(text: str) -> str | None:
    try:
        return media_type(base64.b64decode(text[:_HEAD_CHARS]))
    except (binascii.Error, ValueError):
        return None
