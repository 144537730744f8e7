"""Adopted rows written here, and removed: one unit is written whole or not at all.

Rows of many chats, or of all passages of a deck, go over as one JSON text or as arrays, which is quicker than row by
row; COPY is not for tables with row security.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from pipelines.adoption.arrays import Array, array_of
from pipelines.adoption.counting import PackedWords
from pipelines.adoption.former import SQL
from pipelines.adoption.materials import FAILED, NO_REASON, title_of
from pipelines.adoption.records import (
    AdoptedCourse,
    AdoptedPerson,
    Chat,
    Cited,
    Deck,
    Listing,
    Membership,
    Passages,
    Record,
    Said,
    Talk,
    Unit,
)
from pipelines.answering.quoting import where
from pipelines.core.chunks import STANDARD
from pipelines.core.postgres import Connection, values_of
from pipelines.core.records import EmbeddingSet, Hit, Kind
from pipelines.core.statements import statement

_PUT: Mapping[type, str] = {
    AdoptedPerson: "put_person", AdoptedCourse: "put_course", Membership: "put_membership", Deck: "put_deck",
    Talk: "put_talk", Listing: "put_listing",
}  # fmt: skip
_REMOVE: Mapping[str, str] = {
    "person": "remove_person", "course": "remove_course", "membership": "remove_membership", "deck": "remove_deck",
    "talk": "remove_talk", "listing": "remove_listing", "chat": "remove_chat",
}  # fmt: skip
_PUT_CHUNKS: Mapping[Kind, str] = {"slide": "put_adopted_slide_chunks", "speech": "put_adopted_speech_chunks"}
_INTEGER = 23
"""PostgreSQL's number for the type, which never changes."""

PROVIDER = "studybuddy"
"""Our name in the metadata of a source's part, as in `serving.chat.sources`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What the passages of a unit bring beside themselves: their words counted, and for which of them there is a vector
    in which set, with the vectors in the same order (None: there are none)."""

    words: PackedWords
    known: EmbeddingSet | None = None
    vectors: Array | None = None


def write_units(connection: Connection, units: Iterable[Unit], extras: Callable[[Unit], Extras]) -> None:
    """Write units over what was written of them before, in the order given.

    Args:
        extras: what the passages of a unit bring, asked for when they are written.
    """
    for kind, group in groupby(units, key=lambda unit: type(unit.record)):
        if kind is Chat:
            _write_chats(connection, [unit.record for unit in group if isinstance(unit.record, Chat)])
        elif kind is Passages:
            for unit in group:
                _write_passages(connection, unit, extras(unit))
        else:
            _run_many(connection, _PUT[kind], [_values(unit.record) for unit in group])


def _values(record: Record) -> dict[str, Any]:
    """A person, a course or the like, as its statement takes it."""
    values = values_of(record)
    if isinstance(record, Deck):
        values |= {"title": title_of(record), "code": FAILED, "failure": NO_REASON}
    if isinstance(record, Talk):
        values |= {"file_name": title_of(record), "code": FAILED}
    return values


def remove_unit(connection: Connection, unit: str) -> bool:
    """Remove what was written of a unit, by its id in the ledger; False: something of people here hangs on it."""
    kind, _, key = unit.partition(":")
    if kind in ("membership", "listing"):
        user, _, other = key.partition(" ")
        name = "course_id" if kind == "membership" else "lecture_id"
        return _run(connection, _REMOVE[kind], {"user_id": user, name: other})
    if kind in ("slides", "speechs"):
        connection.execute(statement("delete_chunks"), {"source_id": key})
        return True
    return _run(connection, _REMOVE[kind], {"id": key})


def _run(connection: Connection, name: str, parameters: dict[str, Any]) -> bool:
    return connection.execute(statement(name, SQL), parameters).rowcount > 0


def _run_many(connection: Connection, name: str, parameters: Sequence[dict[str, Any]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(statement(name, SQL), parameters)


def _rows(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as JSON. Plain ASCII: what is no Unicode is then refused by the database, which is expected of it."""
    return json.dumps(rows, default=str)


def _write_passages(connection: Connection, unit: Unit, extras: Extras) -> None:
    record = unit.record
    assert isinstance(record, Passages)  # noqa: S101  `write_units` has looked
    source = {"course_id": record.course_id, "source_id": record.source_id, "kind": record.kind, "chunker": STANDARD}
    connection.execute(statement("lock_source"), source)
    connection.execute(statement("delete_chunks"), source)
    names = ("id", "ordinal", "text", "page", "start_ms", "end_ms")
    rows = [{name: getattr(each, name) for name in names} for each in record.items]
    _run(connection, _PUT_CHUNKS[record.kind], {**source, "title": record.title, "rows": _rows(rows)})
    words, sparse = extras.words, connection.adapters.types["sparsevec"]
    weights = array_of(sparse.oid, words.weights, words.passages)
    keys = [each.id for each in record.items]
    _run(connection, "put_adopted_terms", {**source, "chunk_ids": keys, "terms": weights})
    term, found = array_of(_INTEGER, words.term, words.terms), array_of(_INTEGER, words.found, words.terms)
    connection.execute(statement("insert_term_counts"), {**source, "terms": term, "chunks": found})
    if extras.known is not None and extras.vectors is not None:
        values = {**source, "set_id": extras.known.id, "chunk_ids": list(unit.vectors), "vectors": extras.vectors}
        _run(connection, "put_adopted_vectors", values)
        _run(connection, "search_course_in", {"course_id": record.course_id, "set_id": extras.known.id})


def _write_chats(connection: Connection, chats: Sequence[Chat]) -> None:
    sessions = [{name: getattr(chat, name) for name in Chat.__slots__ if name != "messages"} for chat in chats]
    _run(connection, "put_chats", {"rows": _rows(sessions)})
    said = [row for chat in chats for row in _said_rows(chat)]
    _run(connection, "put_said", {"rows": _rows(said)})
    keys = {"session_ids": [chat.id for chat in chats], "keys": [row["key"] for row in said]}
    _run(connection, "delete_other_said", keys)
    cited = [row for chat in chats for message in chat.messages for row in _cited_rows(message)]
    if cited:
        _run(connection, "put_cited", {"rows": _rows(cited)})


def _said_rows(chat: Chat) -> list[dict[str, Any]]:
    keys = [message.key for message in chat.messages]
    return [
        {
            "key": message.key,
            "session_id": chat.id,
            "id": message.id,
            "parent_key": keys[place - 1] if place else None,
            "depth": place + 1,
            "role": message.role,
            "status": message.status,
            "error_code": "internal" if message.status == "error" else None,
            "content": message.text,
            "parts": [*message.parts, *(_source_part(cited) for cited in message.cited)],
            "metadata": message.metadata,
            "created_at": message.created_at,
        }
        for place, message in enumerate(chat.messages)
    ]


def _cited_rows(message: Said) -> list[dict[str, Any]]:
    return [{"message_key": message.key, **values_of(cited)} for cited in message.cited]


def _source_part(cited: Cited) -> dict[str, Any]:
    """A source as the page keeps it, as in `serving.chat.sources.as_part`."""
    kind = "document" if cited.kind == "slide" else "lecture"
    values = {
        "handle": cited.handle,
        "kind": cited.kind,
        "chunkId": str(cited.chunk_id) if cited.chunk_id else None,
        f"{kind}Id": str(cited.material_id) if cited.openable else None,
        "page": cited.page,
        "startMs": cited.start_ms,
        "endMs": cited.end_ms,
        "courseId": str(cited.course_id) if cited.course_id else None,
    }
    part: dict[str, Any] = {
        "type": "source-document",
        "sourceId": str(cited.id),
        "mediaType": "application/pdf" if cited.kind == "slide" else "text/plain",
        "title": where(_hit(cited)),
        "providerMetadata": {PROVIDER: {name: value for name, value in values.items() if value is not None}},
    }
    return {**part, "filename": cited.file_name} if cited.file_name else part


def _hit(cited: Cited) -> Hit:
    return Hit(
        rank=1,
        score=0.0,
        chunk_id=cited.id,
        kind=cited.kind,
        source_id=cited.material_id,
        title="",
        file_name=cited.file_name,
        text=cited.quote,
        page=cited.page,
        pages=(),
        page_label=None,
        start_ms=cited.start_ms,
        end_ms=cited.end_ms,
        dense_rank=None,
        lexical_rank=None,
    )
