"""Stored files over HTTP: whole or by range, with a fixed type and nothing a browser could run.

Belongs here: ranges and headers. Who may see a file was decided before; a long one is cut when they lose that right.
Source: RFC 9110, sections 13 and 14.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import IO

from fastapi.responses import Response, StreamingResponse
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from pipelines.core.files import FileStore
from serving.log import log
from serving.problems import ProblemError

BLOCK = 1 << 18
_RANGE = re.compile(r"bytes=(?=\d|-\d)(\d{0,18})-(\d{0,18})")
_TYPES = {
    "mp4": "video/mp4", "m4v": "video/mp4", "mov": "video/mp4", "webm": "video/webm", "mkv": "video/webm",
    "mp3": "audio/mpeg", "m4a": "audio/mp4", "aac": "audio/aac", "ogg": "audio/ogg", "opus": "audio/ogg",
    "oga": "audio/ogg", "wav": "audio/wav", "flac": "audio/flac",
}  # fmt: skip
SLIDE_TYPE = "image/webp"


def media_type(file_name: str) -> str:
    """A recording's type from its name, out of a fixed list; anything else is bytes without a type."""
    return _TYPES.get(file_name.rpartition(".")[2].lower(), "application/octet-stream")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Whether a reader may still see what they are sent: asked before a block when `every_s` seconds have passed."""

    allowed: Callable[[], Awaitable[bool]]
    every_s: float


class _RightLostError(Exception):
    """The reader may not see the file any more."""


class _Sending(StreamingResponse):
    """Bytes whose line is closed where they end early: the reader knows from `content-length` that some are missing."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send them."""
        try:
            await super().__call__(scope, receive, send)
        except _RightLostError:
            log("media_cut")


async def stored_file(
    files: FileStore, sha256: str, *, content_type: str, headers: Headers, watch: Watch | None = None
) -> Response:
    """A response with the stored bytes, or with the range the request asks for. `watch` None: it is sent to its end.

    Raises:
        NotFoundError, StorageUnavailableError: the file store does not have them now.
        ProblemError: `range_not_satisfiable`.
    """
    etag = f'"{sha256[:32]}"'
    fixed = fixed_headers(etag) | {"accept-ranges": "bytes"}
    if etag in headers.get("if-none-match", ""):
        return Response(status_code=304, headers=fixed)
    source = await asyncio.to_thread(files.open_read, sha256)
    try:
        size = await asyncio.to_thread(source.seek, 0, 2)
        asked = headers.get("range") if headers.get("if-range", etag) == etag else None
        start, stop = _range(asked, size)
        await asyncio.to_thread(source.seek, start)
    except BaseException:
        source.close()
        raise
    status = 206 if (start, stop) != (0, size) or (asked is not None and _RANGE.fullmatch(asked)) else 200
    if status == 206:
        fixed["content-range"] = f"bytes {start}-{stop - 1}/{size}"
    fixed["content-length"] = str(stop - start)
    return _Sending(_blocks(source, stop - start, watch), status, fixed, media_type=content_type)


def fixed_headers(etag: str) -> dict[str, str]:
    """What every picture and recording says: whose it is, how long it may be kept, and that nothing of it is run."""
    return {
        "etag": etag,
        "cache-control": "private, max-age=3600",
        "content-security-policy": "default-src 'none'; sandbox",
    }


def _range(asked: str | None, size: int) -> tuple[int, int]:
    """[start, stop) of the one range asked for; the whole file where the header asks for none, several or nonsense."""
    match = _RANGE.fullmatch(asked) if asked else None
    if match is None:
        return 0, size
    first, last = match.groups()
    if not first:
        start, stop = max(0, size - int(last)), size
        usable = int(last) > 0
    else:
        start, stop = int(first), min(size, int(last) + 1 if last else size)
        usable = start < size and (not last or int(last) >= start)
    if not usable:
        raise ProblemError("range_not_satisfiable")
    return start, stop


async def _blocks(source: IO[bytes], count: int, watch: Watch | None) -> AsyncIterator[bytes]:
    clock = asyncio.get_running_loop().time
    looked = clock()
    try:
        while count > 0:
            if watch is not None and clock() - looked > watch.every_s:
                if not await watch.allowed():
                    raise _RightLostError
                looked = clock()
            block = await asyncio.to_thread(source.read, min(BLOCK, count))
            if not block:
                return
            count -= len(block)
            yield block
    finally:
        source.close()
