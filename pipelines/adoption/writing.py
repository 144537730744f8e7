"""Adopted rows written here, and removed: one unit is written whole or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

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
    Said,
    Talk,
    Unit,
)
from pipelines.answering.quoting import where
from pipelines.core.chunks import STANDARD, Words, replace_terms
from pipelines.core.postgres import Connection
from pipelines.core.records import Chunk, EmbeddingSet, Hit, Kind
from pipelines.core.statements import statement

_PUT: Mapping[type, str] = {
    AdoptedPerson: "put_person", AdoptedCourse: "put_course", Membership: "put_membership", Deck: "put_deck",
    Talk: "put_talk", Listing: "put_listing",
}  # fmt: skip
_REMOVE: Mapping[str, str] = {
    "person": "remove_person", "course": "remove_course", "membership": "remove_membership", "deck": "remove_deck",
    "talk": "remove_talk", "listing": "remove_listing", "chat": "remove_chat",
}  # fmt: skip
_PUT_CHUNK: Mapping[Kind, str] = {"slide": "put_adopted_slide_chunk", "speech": "put_adopted_speech_chunk"}

PROVIDER = "studybuddy"
"""Our name in the metadata of a source's part, as in `serving.chat.sources`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What the passages of a unit bring beside their words: their vectors by their ids, for this set (None: there are
    none), and their words counted (None: they are still to be)."""

    known: EmbeddingSet | None
    vectors: Mapping[UUID, Any]
    words: Words | None = None


def write_unit(connection: Connection, unit: Unit, extras: Extras) -> None:
    """Write a unit over what was written of it before."""
    record = unit.record
    if isinstance(record, Passages):
        _write_passages(connection, record, extras)
    elif isinstance(record, Chat):
        _write_chat(connection, record)
    else:
        values = {name: getattr(record, name) for name in type(record).__slots__}
        if isinstance(record, Deck):
            values |= {"title": title_of(record), "code": FAILED, "failure": NO_REASON}
        if isinstance(record, Talk):
            values |= {"file_name": title_of(record), "code": FAILED}
        _run(connection, _PUT[type(record)], values)


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


def _write_passages(connection: Connection, record: Passages, extras: Extras) -> None:
    source = {"course_id": record.course_id, "source_id": record.source_id, "chunker": STANDARD}
    connection.execute(statement("lock_source"), source)
    connection.execute(statement("delete_chunks"), source)
    chunks = [
        Chunk(
            id=each.id,
            course_id=record.course_id,
            kind=record.kind,
            source_id=record.source_id,
            ordinal=each.ordinal,
            title=record.title,
            context="",
            text=each.text,
            token_count=len(each.text) // 4 + 1,
            page=each.page,
            start_ms=each.start_ms,
            end_ms=each.end_ms,
        )
        for each in record.items
    ]
    rows = [{name: getattr(chunk, name) for name in Chunk.__slots__} for chunk in chunks]
    _run_many(connection, _PUT_CHUNK[record.kind], rows)
    replace_terms(connection, source, record.kind, chunks, extras.words)
    if extras.known is not None:
        vectors = [
            {**source, "kind": record.kind, "set_id": extras.known.id, "chunk_id": key, "embedding": vector}
            for key, vector in extras.vectors.items()
        ]
        _run_many(connection, "put_adopted_vector", vectors)
        if vectors:
            _run(connection, "search_course_in", {"course_id": record.course_id, "set_id": extras.known.id})


def _write_chat(connection: Connection, chat: Chat) -> None:
    values = {name: getattr(chat, name) for name in Chat.__slots__ if name != "messages"}
    _run(connection, "put_chat", values)
    keys = [message.key for message in chat.messages]
    said = [
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
            "parts": Jsonb([*message.parts, *(_source_part(cited) for cited in message.cited)]),
            "metadata": Jsonb(message.metadata),
            "created_at": message.created_at,
        }
        for place, message in enumerate(chat.messages)
    ]
    _run_many(connection, "put_said", said)
    _run(connection, "delete_other_said", {"session_id": chat.id, "keys": keys})
    _run_many(connection, "put_cited", [row for message in chat.messages for row in _cited_rows(message)])


def _cited_rows(message: Said) -> list[dict[str, Any]]:
    return [
        {"message_key": message.key, **{name: getattr(cited, name) for name in Cited.__slots__}}
        for cited in message.cited
    ]


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
