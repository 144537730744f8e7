"""Reader of forms with files, as they come: fields whole, files in pieces, nothing of a file kept in memory.

Fields stand before the files: what they say decides whether a file is read at all.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from serving.problems import ProblemError

MOST_PARTS = 120
"""Fields and files of a form; a lecture may name a hundred decks."""

FIELD_BYTES = 8192
"""Longest field: signed links take some thousand."""

FORM_BYTES = 200_000
"""What a form may have besides its files: fields, headers, boundaries."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field and its value."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class FileBegins:
    """A file begins; its bytes follow. `file_name` is what the sender calls it, and not to be trusted."""

    name: str
    file_name: str


@dataclass(frozen=True, slots=True)
class FileEnds:
    """The file that began last is whole."""


Event = Field | FileBegins | bytes | FileEnds


async def read_form(request: Request) -> AsyncIterator[Event]:
    """What the body holds, in its order.

    Raises:
        ProblemError: `bad_form`: it is no whole form, or has too many or too large fields.
    """
    _, options = parse_options_header(request.headers.get("content-type"))
    form = _Form(options.get(b"boundary", b""))
    try:
        async for piece in request.stream():
            for event in form.take(piece):
                yield event
    except ClientDisconnect:
        raise ProblemError("bad_form") from None
    if not form.ended:
        raise ProblemError("bad_form")


class _Form:
    """The parser's callbacks turned into events. It calls them with the bytes it was given and a range in them."""

    def __init__(self, boundary: bytes) -> None:
        self.ended = False
        self._events: list[Event] = []
        self._header = self._value = b""
        self._disposition = b""
        self._field: str | None = None
        self._said = b""
        self._parts = 0
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._part_begins,
                    "on_header_field": self._header_name,
                    "on_header_value": self._header_value,
                    "on_header_end": self._header_ends,
                    "on_headers_finished": self._headers_end,
                    "on_part_data": self._data,
                    "on_part_end": self._part_ends,
                    "on_end": self._ends,
                },
            )
        except FormParserError:
            raise ProblemError("bad_form") from None
        if not boundary:
            raise ProblemError("bad_form")

    def take(self, piece: bytes) -> list[Event]:
        """The events of the next piece of the body.

        Raises:
            ProblemError: `bad_form`.
        """
        try:
            self._parser.write(piece)
        except FormParserError:
            raise ProblemError("bad_form") from None
        events, self._events = self._events, []
        return events

    def _part_begins(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise ProblemError("bad_form")
        self._disposition = self._said = b""
        self._field = None

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_ends(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _headers_end(self) -> None:
        _, options = parse_options_header(self._disposition)
        name = _text(options.get(b"name", b""))
        if not name:
            raise ProblemError("bad_form")
        if b"filename" in options:
            self._events.append(FileBegins(name, _text(options[b"filename"])))
        else:
            self._field = name

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._field is None:
            self._events.append(data[start:end])
            return
        self._said += data[start:end]
        if len(self._said) > FIELD_BYTES:
            raise ProblemError("bad_form")

    def _part_ends(self) -> None:
        self._events.append(FileEnds() if self._field is None else Field(self._field, _text(self._said)))

    def _ends(self) -> None:
        self.ended = True


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ProblemError("bad_form") from None
