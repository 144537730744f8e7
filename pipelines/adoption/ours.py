"""Adopted rows as they are here now, read back into the records that were written."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from pipelines.adoption.former import SQL
from pipelines.adoption.records import (
    AdoptedCourse,
    AdoptedPerson,
    Chat,
    Cited,
    Deck,
    Listing,
    Membership,
    Passage,
    Passages,
    Record,
    Said,
    Talk,
    unit_id,
)
from pipelines.core.postgres import Connection
from pipelines.core.statements import statement


def read_ours(connection: Connection, units: Iterable[str], set_id: int | None) -> dict[str, Record]:
    """What is here of these units, by their ids; a unit that is gone is not among them.

    Args:
        set_id: the set of the former vectors; None: there is none.
    """
    keys: dict[str, list[str]] = {}
    for unit in units:
        kind, _, key = unit.partition(":")
        keys.setdefault(kind, []).append(key)
    found = (record for kind, wanted in keys.items() for record in _READ[kind](connection, wanted, set_id))
    return {unit_id(record): record for record in found}


def _rows(connection: Connection, name: str, **parameters: Any) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement(name, SQL), parameters).fetchall()


def _of_ids(name: str, record: Callable[..., Record]) -> "Read":
    def read(connection: Connection, keys: list[str], _: int | None) -> list[Record]:
        return [record(**row) for row in _rows(connection, name, ids=keys)]

    return read


def _of_pairs(name: str, record: Callable[..., Record]) -> "Read":
    def read(connection: Connection, keys: list[str], _: int | None) -> list[Record]:
        pairs = [key.split(" ") for key in keys]
        names = {"user_ids": [pair[0] for pair in pairs], "other_ids": [pair[1] for pair in pairs]}
        return [record(**row) for row in _rows(connection, name, **names)]

    return read


def _passages(connection: Connection, keys: list[str], set_id: int | None) -> list[Record]:
    found: dict[tuple[UUID, str], list[dict[str, Any]]] = {}
    for row in _rows(connection, "our_passages", ids=keys, set_id=set_id or 0):
        found.setdefault((row.pop("source_id"), row["kind"]), []).append(row)
    records: list[Record] = []
    for (source_id, kind), rows in found.items():
        courses, titles = {row.pop("course_id") for row in rows}, {row.pop("title") for row in rows}
        for row in rows:
            row.pop("kind")
        records.append(
            Passages(
                course_id=courses.pop(),
                source_id=source_id,
                kind=kind,  # type: ignore[arg-type]
                title=" / ".join(sorted(titles)),
                items=tuple(Passage(**row) for row in rows),
            )
        )
    return records


def _chats(connection: Connection, ids: list[str], _: int | None) -> list[Record]:
    cited: dict[UUID, list[Cited]] = {}
    for row in _rows(connection, "our_cited", ids=ids):
        cited.setdefault(row.pop("message_key"), []).append(Cited(**row))
    said: dict[UUID, list[Said]] = {}
    for row in _rows(connection, "our_said", ids=ids):
        session, parts = row.pop("session_id"), row.pop("parts")
        words = tuple(part for part in parts if part.get("type") != "source-document")
        message = Said(text=row.pop("content"), parts=words, cited=tuple(cited.get(row["key"], ())), **row)
        said.setdefault(session, []).append(message)
    return [Chat(**row, messages=tuple(said.get(row["id"], ()))) for row in _rows(connection, "our_chats", ids=ids)]


Read = Callable[[Connection, list[str], int | None], list[Record]]

_READ: Mapping[str, Read] = {
    "person": _of_ids("our_persons", AdoptedPerson),
    "course": _of_ids("our_courses", AdoptedCourse),
    "membership": _of_pairs("our_memberships", Membership),
    "deck": _of_ids("our_decks", Deck),
    "talk": _of_ids("our_talks", Talk),
    "listing": _of_pairs("our_listings", Listing),
    "slides": _passages,
    "speechs": _passages,
    "chat": _chats,
}
