"""Smaller pictures of slides, made when they are first asked for and kept in memory: a class looks at the same deck."""

import asyncio
import io
from concurrent.futures import ThreadPoolExecutor
from enum import IntEnum
from functools import lru_cache

from fastapi.responses import Response
from starlette.datastructures import Headers

from pipelines.core.files import FileStore
from serving.materials.media import SLIDE_TYPE, fixed_headers

KEPT = 512
"""Pictures kept: of 320 pixels some 10 kB each, of 1,000 some 60."""

QUALITY = 80
THREADS = 2
"""Pictures made at once: a page of thumbnails leaves time for questions."""


class Width(IntEnum):
    """Widths in pixels that pictures of slides come in; one that is narrower by itself stays as it is."""

    THUMBNAIL = 320
    PANE = 1000
    PAGE = 2000


class Thumbnails:
    """Makes smaller pictures of those in the file store."""

    def __init__(self, files: FileStore) -> None:
        self._files = files
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="thumbnails")
        self._kept = lru_cache(maxsize=KEPT)(self._make)

    async def respond(self, sha256: str, width: Width, headers: Headers) -> Response:
        """A response with the picture in this width.

        Raises:
            NotFoundError, StorageUnavailableError: the file store does not have it now.
        """
        fixed = fixed_headers(f'"{sha256[:32]}-{width.value}"')
        if fixed["etag"] in headers.get("if-none-match", ""):
            return Response(status_code=304, headers=fixed)
        picture = await asyncio.get_running_loop().run_in_executor(self._threads, self._kept, sha256, width.value)
        return Response(picture, headers=fixed, media_type=SLIDE_TYPE)

    def _make(self, sha256: str, width: int) -> bytes:
        from PIL import Image  # a service that nobody asks for pictures need not load it

        with self._files.open_read(sha256) as source:
            whole = source.read()
        with Image.open(io.BytesIO(whole), formats=["WEBP"]) as picture:  # drawn by the pipeline, not by a stranger
            if picture.width <= width:
                return whole
            height = max(1, round(picture.height * width / picture.width))
            small = picture.resize((width, height), reducing_gap=2.0)
        target = io.BytesIO()
        small.save(target, "WEBP", quality=QUALITY, method=0)
        return target.getvalue()

    def close(self) -> None:
        """Let what is being made end."""
        self._threads.shutdown(wait=True, cancel_futures=True)
