"""Embedding sets by name: added beside those of the settings, listed course by course, retired.

A set is the rules its chunks are cut by, an embedder with its dimension, and the version of the text it reads. It never
changes: another of these is another set.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from psycopg.errors import LockNotAvailable

from pipelines.core.chunks import STANDARD
from pipelines.core.errors import NotFoundError, PermanentError, TransientError
from pipelines.core.models.providers import LOCAL_MODELS
from pipelines.core.postgres import Connection, Database, read_record, read_records
from pipelines.core.records import Chunk, EmbeddingSet
from pipelines.core.statements import statement

SEARCH_TEXT_VERSION = "1"
"""Version of what is embedded of a chunk. Chunk ids are made from content, so new chunks join the set they belong to;
raise this only when vectors of the same text have to be made again, beside the ones in use."""
CHUNKERS = (STANDARD, "short")
"""Names of the rules that chunks are cut by (`steps/chunkers.py`): a slide, or about a minute of speech; half of it."""
TEXTS = {"context": SEARCH_TEXT_VERSION, "alone": "alone-1"}
"""What is embedded of a chunk, and its version: its text behind deck and section, as all sets of settings have it, or
its text alone."""
MOST_DIMS = 4000
"""What an index over half-precision vectors can hold."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseSet:
    """A set as one course sees it: `live`: searched in; `previous`: a rollback goes there; `vectors` of `chunks`."""

    name: str
    model: str
    dims: int
    chunker: str
    live: bool
    previous: bool
    chunks: int
    vectors: int


def add_set(
    connection: Connection,
    name: str,
    *,
    model: str,
    dims: int,
    base_url: str | None = None,
    chunker: str = STANDARD,
    text: str = "context",
) -> EmbeddingSet:
    """Add a set. It has no vectors yet, and no course is searched in it.

    Args:
        base_url: where the model answers `/embeddings`, as OpenAI does; None: where the settings say, or here.
        chunker: one of `CHUNKERS`. text: one of `TEXTS`.

    Raises:
        PermanentError: one of these cannot be (`bad_set`), or the name is taken (`set_exists`).
    """
    wrong = _fault(name, model, dims, base_url, chunker) or _fault_of_text(text)
    if wrong is not None:
        raise PermanentError(wrong, code="bad_set")
    parameters = {
        "name": name,
        "model": model,
        "dims": dims,
        "search_text_version": TEXTS[text],
        "base_url": base_url.rstrip("/") if base_url is not None else None,
        "chunker": chunker,
    }
    connection.execute(statement("lock_embedding_sets"))
    made = read_record(connection, EmbeddingSet, "add_named_set", parameters)
    if made is None:
        raise PermanentError(
            f"There is a set called {name} already, or was: a set never changes, so choose another name.",
            code="set_exists",
        )
    connection.execute(statement("add_embedding_partition"), {"set_id": made.id, "dims": dims})
    return made


def find_set(connection: Connection, name: str) -> EmbeddingSet:
    """The set of this name.

    Raises:
        NotFoundError: there is none.
        PermanentError: it was retired (`set_retired`).
    """
    found = read_record(connection, EmbeddingSet, "find_named_set", {"name": name})
    if found is None:
        names = ", ".join(known.name for known in list_sets(connection)) or "none yet"
        raise NotFoundError(f"There is no embedding set called {name}; there are: {names}.")
    if found.retired_at is not None:
        raise PermanentError(f"The set {name} was retired: its vectors are gone.", code="set_retired")
    return found


def list_sets(connection: Connection) -> list[EmbeddingSet]:
    """Every set that is not retired, in the order they came; those of second vectors are not among them."""
    return read_records(connection, EmbeddingSet, "list_main_sets", {})


def list_course_sets(connection: Connection, course_id: UUID) -> list[CourseSet]:
    """The same, as one course sees them."""
    return read_records(connection, CourseSet, "list_course_sets", {"course_id": course_id})


def count_lacks(connection: Connection, known: EmbeddingSet, course_id: UUID) -> tuple[int, int]:
    """How many chunks of a course the set has no vector for, and how many chunks there are."""
    parameters = {"set_id": known.id, "course_id": course_id}
    missing, chunks = connection.execute(statement("count_course_lacks"), parameters).fetchall()[0]
    return missing, chunks


def retire_set(connection: Connection, name: str) -> EmbeddingSet:
    """End a set and remove its vectors; its name stays taken. With the last set of a chunker its chunks go, too.

    Raises:
        NotFoundError: there is none.
        PermanentError: a course is searched in it (`set_is_live`), it is being built (`set_is_built`), or it was
            retired before (`set_retired`).
        TransientError: somebody holds the table of vectors for longer than searches should wait behind this.
    """
    connection.execute(statement("lock_embedding_sets"))
    known = find_set(connection, name)
    searched = [row[0] for row in connection.execute(statement("list_searched_courses"), {"set_id": known.id})]
    if searched:
        where = ", ".join(searched[:5]) + (" and others" if len(searched) > 5 else "")
        raise PermanentError(f"{name} is live for {where}: promote another set there first.", code="set_is_live")
    hold(connection, known)
    connection.execute(statement("note_set_retired"), {"set_id": known.id})
    connection.execute(statement("wait_briefly"))
    try:
        connection.execute(statement("drop_embedding_partition"), {"set_id": known.id})
        connection.execute(statement("delete_chunks_of_no_set"), {"chunker": known.chunker})
    except LockNotAvailable:
        raise TransientError("The table of vectors is in use: try again in a moment.", code="table_in_use") from None
    return known


def note_used(connection: Connection, known: EmbeddingSet) -> None:
    """Somebody has use for a set now: it was built, promoted or evaluated, or a course was searched in it until now."""
    connection.execute(statement("note_set_used"), {"set_id": known.id})


def list_unused(connection: Connection, *, days: int) -> list[str]:
    """Names of added sets that nobody has had use for in so many days, and no course can be rolled back to."""
    return [row[0] for row in connection.execute(statement("list_unused_sets"), {"days": days})]


def hold(connection: Connection, known: EmbeddingSet) -> None:
    """Keep builds of a set away until the transaction ends.

    Raises:
        PermanentError: one is under way (`set_is_built`), or the set was retired (`set_changed`).
    """
    if not connection.execute(statement("hold_set"), {"set_id": known.id}).fetchall()[0][0]:
        raise PermanentError(f"{known.name} is being built now: try again when that has ended.", code="set_is_built")
    if known.retired_at is not None:
        raise PermanentError(f"The set {known.name} was retired: its vectors are gone.", code="set_changed")


def embedded_text(known: EmbeddingSet, chunk: Chunk) -> str:
    """What a set embeds of a chunk."""
    return chunk.text if known.search_text_version == TEXTS["alone"] else chunk.search_text


@contextmanager
def building(database: Database, known: EmbeddingSet) -> Iterator[None]:
    """Say that a set is being built, until the block ends or the process dies; many may build it at once.

    Raises:
        PermanentError: it is being promoted or retired now (`set_changed`).
    """
    with database.transaction() as connection:
        if not connection.execute(statement("share_set_build"), {"set_id": known.id}).fetchall()[0][0]:
            raise PermanentError(f"{known.name} is being promoted or retired now: try again.", code="set_changed")
        with database.transaction() as other:  # this one stays open, and must hold no lock of a table
            find_set(other, known.name)
        yield


def _fault(name: str, model: str, dims: int, base_url: str | None, chunker: str) -> str | None:
    """What is wrong with a set that somebody wants to add; None: nothing."""
    url = urlsplit(base_url) if base_url is not None else None
    known = LOCAL_MODELS.get(model)
    faults = {
        "A set's name has letters, digits, points, hyphens and underscores, at most 63.": not _NAME.fullmatch(name),
        "Name the model whose vectors the set holds.": not model.strip() or not model.isprintable(),
        f"A set's vectors have 1 to {MOST_DIMS} dimensions.": not 1 <= dims <= MOST_DIMS,
        f"{model} makes vectors of {known} dimensions, not {dims}.": known not in (None, dims),
        f"{model} runs on this machine: leave the URL out.": known is not None and base_url is not None,
        f"{base_url} is no http or https URL.": url and (url.scheme not in ("http", "https") or not url.hostname),
        f"There is no chunker {chunker}; there are: {', '.join(CHUNKERS)}.": chunker not in CHUNKERS,
    }
    return next((fault for fault, found in faults.items() if found), None)


def _fault_of_text(text: str) -> str | None:
    return None if text in TEXTS else f"There is no text {text}; there are: {', '.join(TEXTS)}."
