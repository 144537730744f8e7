"""The former system's rows, read as they were at one moment, by a connection that cannot write.

Tables tell the version of that schema: what an older one lacks has no rows. Nothing here locks a row of theirs.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg
from pgvector.psycopg import register_vector
from psycopg import sql

from pipelines.adoption.arrays import Array
from pipelines.adoption.chats import FormerChat, UnreadableChat
from pipelines.adoption.chunks import FormerChunk
from pipelines.adoption.values import LONGEST_NAME, read_json
from pipelines.core.embeddings.sets import MOST_DIMS
from pipelines.core.errors import PermanentError, StorageUnavailableError
from pipelines.core.migrate import connection_name
from pipelines.core.records import Kind
from pipelines.core.schemas import DEFAULT, Schemas
from pipelines.core.statements import statement

SQL = Path(__file__).parent / "sql"
PUBLIC = ("users", "courses", "user_courses", "documents", "lectures", "user_lectures")
CHUNKS: Mapping[Kind, str] = {"slide": "slide_chunks_knowledge", "speech": "lecture_chunks_knowledge"}
SOURCES, SESSIONS = "message_sources", "agno_sessions"
TABLES = (*PUBLIC, *CHUNKS.values(), SOURCES, SESSIONS)
_NEEDED = {
    "users": ("id",),
    "courses": ("id",),
    "user_courses": ("user_id", "course_id"),
    "documents": ("id", "course_id"),
    "lectures": ("id", "course_id"),
    "user_lectures": ("user_id", "lecture_id"),
    SESSIONS: ("session_id", "session_type", "user_id", "session_data", "runs", "created_at", "updated_at"),
    SOURCES: ("id", "message_id", "document_id", "slide_number", "lecture_id", "start_seconds"),
    CHUNKS["slide"]: ("id", "meta_data", "content", "created_at"),
    CHUNKS["speech"]: ("id", "meta_data", "content", "created_at"),
}
_ROWS = {
    "users": "former_users", "courses": "former_courses", "user_courses": "former_user_courses",
    "documents": "former_documents", "lectures": "former_lectures", "user_lectures": "former_user_lectures",
}  # fmt: skip
NAMED: Mapping[Kind, str] = {"slide": "document_id", "speech": "lecture_id"}
_VECTOR = re.compile(r"(?:.*\.)?(?:half)?vec(?:tor)?(?:\((\d+)\))?")

FETCHED = 50
"""Chats fetched at once: one may have tens of megabytes."""


class Former:
    """The former system's tables within one snapshot. Made by `open_former`."""

    def __init__(
        self, connection: psycopg.Connection, columns: Mapping[str, Mapping[str, str]], schemas: Schemas
    ) -> None:
        self._connection, self._columns = connection, columns
        self._ledger = f'"{schemas.main}".adopted_rows'
        self._dims: int | None = None

    def adopt_alone(self) -> None:
        """Keep everybody else from adopting into this database while this is open.

        Raises:
            PermanentError: somebody is at it (`adopting`).
        """
        if self._connection.execute(_text("adopt_alone")).fetchone() != (True,):
            told = "Another adoption is running on this database; wait until it has ended."
            raise PermanentError(told, code="adopting")

    @property
    def tables(self) -> list[str]:
        """Names of the tables that are there."""
        return [table for table in TABLES if table in self._columns]

    @property
    def others(self) -> list[str]:
        """Names of other tables beside theirs, which are left alone."""
        found = self._connection.execute(_text("former_others"), {"tables": [*TABLES, "agno_schema_versions"]})
        return [name for (name,) in found]

    def count(self, table: str) -> int:
        """How many rows a table has; 0 where there is none."""
        if table not in self._columns:
            return 0
        schema = "public" if table in PUBLIC else "ai"
        query = sql.SQL(_text("count_former")).format(table=sql.Identifier(schema, table))
        return int(self._connection.execute(query).fetchall()[0][0])

    def rows(self, table: str) -> Iterator[Mapping[str, Any]]:
        """The rows of a table of `public`, as JSON."""
        if table in self._columns:
            for (row,) in self._stream(_ROWS[table]):
                yield row

    def chatters(self) -> Iterator[str]:
        """Owners of chats, as they are written."""
        if SESSIONS in self._columns:
            for (user_id,) in self._stream("former_chatters"):
                yield user_id

    def chats(self, keys: Sequence[str] | None = None) -> Iterator[FormerChat | UnreadableChat]:
        """Rows of chats, by id: of these keys (None: all). Their places are sorted, and rows read in small batches: a
        sort of whole rows would write all of them to the server's disk once more."""
        if SESSIONS not in self._columns:
            return
        query = _text("former_session_places").replace("{session}", short_key("t.session_id"))
        places = (place for (place,) in self._stream("session_places", query, {"keys": keys}))
        while batch := list(islice(places, FETCHED)):
            yield from self._chats_at(batch)

    def _chats_at(self, places: Sequence[str]) -> Iterator[FormerChat | UnreadableChat]:
        found = self._connection.execute(_text("former_sessions"), {"places": list(places)})
        for version, session_id, kind, user_id, data, runs, created_at, updated_at in found:
            try:
                yield FormerChat(
                    session_id=session_id,
                    session_type=kind,
                    user_id=user_id,
                    session_data=read_json(data),
                    runs=read_json(runs),
                    created_at=created_at,
                    updated_at=updated_at,
                    version=version,
                )
            except (ValueError, RecursionError):
                yield UnreadableChat(session_id=session_id, version=version)

    def sources(self, message_ids: Sequence[str]) -> list[tuple[Mapping[str, Any], int]]:
        """Rows of sources of these messages, and their versions."""
        if SOURCES not in self._columns or not message_ids:
            return []
        return self._connection.execute(_text("former_sources"), {"message_ids": list(message_ids)}).fetchall()

    def holds(self, session_id: str, message_id: str) -> bool:
        """Whether the chat of this id, of a person, holds an answer of that id."""
        names = {"session_id": session_id, "message_id": message_id}
        return bool(self._connection.execute(_text("former_holds"), names).fetchall()[0][0])

    def source_ids(self, keys: Sequence[str] | None = None) -> Iterator[tuple[str, Mapping[str, Any], int]]:
        """Of every source, or of those of these keys: its id, its row without its words, and its version."""
        if SOURCES in self._columns:
            query = _text("former_source_ids").replace("{source}", short_key("t.id"))
            yield from self._stream("source_ids", query, {"keys": keys})

    def cited_places(self) -> Iterator[tuple[str | None, Any, str | None, Any]]:
        """Places that sources name: deck, page, lecture, start in seconds."""
        if SOURCES in self._columns:
            yield from self._stream("former_cited_places")

    def chunk_groups(self, kind: Kind, names: Sequence[str] | None = None) -> Iterator[tuple[str | None, list[str]]]:
        """Of each deck or lecture, or of those of these names: its id as the chunks name it, and where their rows
        are."""
        if CHUNKS[kind] in self._columns:
            query = _text("former_groups").replace("{table}", CHUNKS[kind]).replace("{name}", NAMED[kind])
            yield from self._stream("groups", query, {"names": names}, FETCHED)

    def chunks(self, kind: Kind, places: Sequence[str]) -> list[FormerChunk]:
        """The chunks of these places, in their order."""
        table = CHUNKS[kind]
        made = self.vector_type(table)
        if made is None:
            query = _text("former_chunks_alone").replace("{table}", table)
        else:
            norm = "l2_norm" if made == "halfvec" else "vector_norm"
            query = _text("former_chunks").replace("{table}", table).replace("{norm}", norm)
        found = self._connection.execute(query, {"places": list(places), "dims": self.dims or 0})
        return [
            FormerChunk(place=place, key=key, meta_data=_json(meta), content=content, lack=lack, version=version)
            for version, place, key, meta, content, lack in found
        ]

    def ask(self, name: str, parameters: Mapping[str, Any], /, **put_in: str) -> list[Any]:
        """Rows of a statement that looks into the ledger too; what is put into its text comes from the program."""
        query = _text(name)
        for place, text in (put_in | {"ledger": self._ledger}).items():
            query = query.replace("{" + place + "}", text)
        return self._connection.execute(query, parameters).fetchall()

    def vectors(self, kind: Kind, places: Sequence[str]) -> dict[str, Any]:
        """The vectors of chunks that have one, of length 1, by their places."""
        query = _text("former_vectors").replace("{table}", CHUNKS[kind])
        return dict(self._connection.execute(query, {"places": list(places)}).fetchall()) if places else {}

    def vector_type(self, table: str) -> str | None:
        """Of which type a table's vectors are: `vector` or `halfvec`; None: it has none."""
        if self._vector_dims(table) is None:
            return None
        return "halfvec" if "half" in self._columns[table]["embedding"] else "vector"

    def vector_array(self, kind: Kind, places: Sequence[str]) -> Array:
        """The vectors of these chunks, which all have one, of length 1, in this order, as an array that a statement
        takes."""
        query = _text("former_vector_array").replace("{table}", CHUNKS[kind])
        with self._connection.cursor(binary=True) as cursor:
            result = cursor.execute(query, {"places": list(places)}).pgresult
            data = result.get_value(0, 0) if result is not None else None
        assert data is not None  # noqa: S101  an aggregate has one row
        return Array(bytes(data))

    def versions(self) -> str:
        """What changes whenever a row of theirs does."""
        found = [str(self.dims)]
        for table in self.tables:
            schema = "public" if table in PUBLIC else "ai"
            query = sql.SQL(_text("former_versions")).format(table=sql.Identifier(schema, table))
            found.append(f"{table} {self._connection.execute(query).fetchall()[0][0]}")
        return "\n".join(found)

    @property
    def dims(self) -> int | None:
        """Dimensions of the set that vectors come into: of the columns, else of most vectors; None: there is none, or
        more than a set may have."""
        if self._dims is None:
            told = {dims for table in CHUNKS.values() if (dims := self._vector_dims(table)) is not None}
            self._dims = told.pop() if len(told) == 1 and 0 not in told else self._most_dims() if told else 0
        return self._dims if self._dims and self._dims <= MOST_DIMS else None

    def _most_dims(self) -> int:
        counts: dict[int, int] = {}
        for table in CHUNKS.values():
            if self._vector_dims(table) is not None:
                for dims, count in self._connection.execute(_text("former_dims").replace("{table}", table)):
                    counts[dims] = counts.get(dims, 0) + count
        return max(counts, key=lambda dims: (counts[dims], -dims), default=0)

    def _vector_dims(self, table: str) -> int | None:
        """Dimensions of a table's vectors as its column says; 0: any, None: it has none."""
        found = _VECTOR.fullmatch(self._columns.get(table, {}).get("embedding", ""))
        return None if found is None else int(found[1] or 0)

    def _stream(
        self, name: str, query: str | None = None, parameters: dict[str, Any] | None = None, size: int = 2000
    ) -> Iterator[Any]:
        with self._connection.cursor(name=name) as cursor:
            cursor.itersize = size
            yield from cursor.execute(query or _text(name), parameters)


@contextmanager
def open_former(url: str, schemas: Schemas) -> Iterator[Former]:
    """The former tables of the database at `url`, as they are now and stay while this is open.

    Raises:
        PermanentError: our own tables are in their place (`no_schema`), there are none of theirs (`nothing_former`),
            one of them is not as it should be (`former_shape`), or may not be read (`former_rights`).
        StorageUnavailableError: the database is gone.
    """
    if schemas.main == DEFAULT:
        raise PermanentError(
            "Set DATABASE_SCHEMA (such as DATABASE_SCHEMA=studybuddy) to adopt the tables of a former deployment in the"
            " same database: without it, `public` and `ai` are ours.",
            code="no_schema",
        )
    try:
        with psycopg.connect(url, application_name=connection_name("studybuddy adoption")) as connection:
            connection.execute("set transaction isolation level repeatable read, read only")
            path = f'pg_catalog, "{schemas.vectors}"' if schemas.vectors else "pg_catalog"
            connection.execute(statement("look_in"), {"path": path, "transaction": True})
            columns = _columns(connection)
            if schemas.vectors:
                register_vector(connection)
            yield Former(connection, columns, schemas)
    except psycopg.errors.InsufficientPrivilege as error:
        why = error.diag.message_primary
        raise PermanentError(f"The former tables cannot be read: {why}.", code="former_rights") from None
    except psycopg.OperationalError as error:
        raise StorageUnavailableError(f"The database cannot be reached now ({type(error).__name__}).") from None


def _columns(connection: psycopg.Connection) -> dict[str, dict[str, str]]:
    columns: dict[str, dict[str, str]] = {}
    for schema, table, column, kind, readable in connection.execute(_text("former_columns")):
        if not readable:
            raise PermanentError(
                f"The database's user {connection.info.user} may not read {schema}.{table}. As its owner run:"
                f" grant usage on schema {schema} to {connection.info.user};"
                f" grant select on {schema}.{table} to {connection.info.user};",
                code="former_rights",
            )
        columns.setdefault(table, {})[column] = kind
    if "users" not in columns and SESSIONS not in columns:
        raise PermanentError(
            "This database holds no tables of a former deployment (neither public.users nor ai.agno_sessions).",
            code="nothing_former",
        )
    for table, needed in _NEEDED.items():
        missing = [column for column in needed if column not in columns.get(table, dict.fromkeys(needed))]
        if missing:
            raise PermanentError(
                f"The former table {table} has no column {', '.join(missing)}, so it is not the one that can be"
                " adopted. Nothing was changed.",
                code="former_shape",
            )
    return columns


def short_key(column: str) -> str:
    """A key as `RowKey` has it, in SQL."""
    text, most = f"{column}::text", LONGEST_NAME
    digest = f"encode(sha256(convert_to({text}, 'UTF8')), 'hex')"
    return f"case when length({text}) > {most} then left({text}, 100) || '... ' || {digest} else {text} end"


def _text(name: str) -> str:
    return statement(name, SQL)


def _json(text: str | None) -> Any:
    try:
        return read_json(text)
    except (ValueError, RecursionError):
        return None
