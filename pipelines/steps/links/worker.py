"""The bounded child's half of `fetch`: one link from the network, followed to the bytes of a recording.

Every address that is met on the way (redirects, playlists, segments, a feed's item) is asked for by the one client
whose transport judges and pins it (`core/net/transports.py`).
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import unquote, urldefrag, urljoin
from xml.etree.ElementTree import ParseError, fromstring

from pipelines.core.errors import AddressRefusedError, AddressUnreachableError, UnreadableFileError
from pipelines.core.net.addresses import AddressGuard, origin_of
from pipelines.steps.links.playlists import Segment, read_dash, read_hls
from pipelines.steps.speech.sniff import sniff_media

if TYPE_CHECKING:
    import httpx2

MOST_HOPS = 8
"""Redirects, playlists and feeds on the way to one recording."""

TEXT_BYTES = 8_000_000
"""Longest playlist or feed."""

BLOCK = 1 << 20
HEAD = 64 * 1024
"""Bytes that say what an answer is."""

QUIET_S = 30.0
"""A server that sends nothing for so long is away."""

UNREACHABLE = "The server of this link does not answer now."
NO_RECORDING = (
    "This link leads to a page and not to a recording. Link the audio or video file, its playlist or its feed."
)


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer whose body is still to come, behind its first bytes."""

    url: str
    head: bytes
    rest: Iterator[bytes]
    length: int | None

    def text(self) -> str:
        """The whole of it.

        Raises:
            UnreadableFileError: it is too long for a playlist or a feed.
        """
        found = bytearray(self.head)
        for piece in self.rest:
            found += piece
            if len(found) > TEXT_BYTES:
                raise UnreadableFileError(NO_RECORDING, code="not_media")
        return found.decode("utf-8-sig", "replace")


def recording(
    source: BinaryIO | None, *, url: str, trusted: Sequence[str], max_bytes: int, max_s: float
) -> Iterator[tuple[Mapping[str, Any], bytes]]:
    """A target for `run_bounded`: yields the recording's bytes in blocks, each with how many there will be (or None).

    Args:
        trusted: addresses of the operator's that may lie in a private network.
        max_bytes, max_s: largest and longest recording.

    Raises:
        UnreadableFileError: `address_refused`, `link_unreachable` (try again), `link_gone`, `link_refused`,
            `not_media`, `too_large`, `too_long`, `live_stream`, `protected`, `link_unreadable`.
    """
    import httpx2

    from pipelines.core.net.transports import guarded_client

    del source
    fetched = 0
    try:
        guard = AddressGuard(origin_of(each) for each in trusted)
        with guarded_client(guard, timeout=httpx2.Timeout(QUIET_S)) as client:
            for total, block in _Fetch(client, max_s).blocks(url):
                fetched += len(block)
                if max(fetched, total or 0) > max_bytes:
                    sentence = f"This recording is larger than {max_bytes // 1_000_000} MB."
                    raise UnreadableFileError(sentence, code="too_large")
                yield {"total": total}, block
    except AddressRefusedError as error:
        raise UnreadableFileError(error.message, code="address_refused") from None
    except (AddressUnreachableError, httpx2.TransportError):
        raise UnreadableFileError(UNREACHABLE, code="link_unreachable") from None
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError):
        raise UnreadableFileError("This is no web address.", code="address_refused") from None


class _Fetch:
    """One link on its way to the bytes of a recording."""

    def __init__(self, client: "httpx2.Client", max_s: float) -> None:
        self._client, self._max_s = client, max_s
        self._hops = 0

    def blocks(self, url: str) -> Iterator[tuple[int | None, bytes]]:
        """(bytes of the whole or None, the next bytes)."""
        url, item = urldefrag(url)
        answer = self._ask(url)
        start = answer.head.lstrip(b"\xef\xbb\xbf \r\n\t")
        if sniff_media(io.BytesIO(answer.head)) is not None:
            yield from self._joined(answer, answer.length)
        elif start.startswith(b"#EXTM3U"):
            playlist = read_hls(answer.text(), answer.url, max_s=self._max_s)
            if playlist.next_url is not None:
                yield from self.blocks(playlist.next_url)
            else:
                yield from self._segments(playlist.segments)
        elif b"<MPD" in start[:HEAD]:
            yield from self._segments(read_dash(answer.text(), answer.url, max_s=self._max_s))
        elif b"<rss" in start[:HEAD] or b"<feed" in start[:HEAD]:
            yield from self.blocks(enclosure(answer.text(), answer.url, unquote(item)))
        else:
            raise UnreadableFileError(NO_RECORDING, code="not_media")

    def _segments(self, segments: Sequence[Segment]) -> Iterator[tuple[None, bytes]]:
        for place, segment in enumerate(segments):
            self._hops = 0
            answer = self._ask(segment.url, segment)
            if place == 0 and sniff_media(io.BytesIO(answer.head)) is None:
                raise UnreadableFileError(NO_RECORDING, code="not_media")
            for _, block in self._joined(answer, None):
                yield None, block

    def _joined(self, answer: _Answer, total: int | None) -> Iterator[tuple[int | None, bytes]]:
        """The body in blocks, however small its pieces came."""
        waiting = bytearray(answer.head)
        for piece in answer.rest:
            waiting += piece
            if len(waiting) >= BLOCK:
                yield total, bytes(waiting)
                waiting.clear()
        yield total, bytes(waiting)

    def _ask(self, url: str, segment: Segment | None = None) -> _Answer:
        """What is at an address, redirects followed.

        Raises:
            UnreadableFileError: `link_gone`, `link_refused`, `link_unreachable`.
            AddressRefusedError, AddressUnreachableError
        """
        while True:
            self._hops += 1
            if self._hops > MOST_HOPS:
                raise UnreadableFileError("This link leads on and on, and to no recording.", code="link_unreadable")
            origin_of(url)
            headers = {"accept-encoding": "identity", "user-agent": "StudyBuddy"}
            if segment is not None and segment.first is not None:
                headers["range"] = f"bytes={segment.first}-{segment.last}"
            response = self._client.send(self._client.build_request("GET", url, headers=headers), stream=True)
            if response.is_redirect and response.headers.get("location"):
                response.close()
                url = urljoin(url, response.headers["location"])
                continue
            _check(response.status_code, ranged="range" in headers)
            rest = response.iter_raw()
            head = bytearray()
            for piece in rest:
                head += piece
                if len(head) >= HEAD:
                    break
            length = response.headers.get("content-length", "")
            return _Answer(url, bytes(head), rest, int(length) if length.isdigit() else None)


def _check(status: int, *, ranged: bool) -> None:
    if status in (404, 410):
        raise UnreadableFileError("There is nothing at this link (any more).", code="link_gone")
    if status in (408, 425, 429) or status >= 500:
        raise UnreadableFileError(UNREACHABLE, code="link_unreachable")
    if status != (206 if ranged else 200):
        sentence = "The server of this link gives the recording to nobody who is not signed in there. Upload the file."
        raise UnreadableFileError(sentence, code="link_refused")


def enclosure(text: str, url: str, item: str) -> str:
    """The address of the recording of a feed's item (RSS or Atom): the one whose id, title or link is `item`, else the
    first.

    Raises:
        UnreadableFileError: `link_unreadable`.
    """
    refused = UnreadableFileError("This feed has no such recording.", code="link_unreadable")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise refused
    try:
        root = fromstring(text)  # noqa: S314  without entities; in a child with little memory
    except ParseError:
        raise refused from None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    for entry in (each for each in root.iter() if each.tag in ("item", "entry")):
        links = [each for each in entry.iter() if each.tag == "enclosure" or each.get("rel") == "enclosure"]
        found = [at for each in links if (at := each.get("url") or each.get("href"))]
        names = {(each.text or "").strip() for each in entry if each.tag in ("guid", "id", "title", "link")}
        if found and (not item or item in names):
            return urljoin(url, found[0])
    raise refused
