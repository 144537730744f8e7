"""Question sets: what a course is evaluated with, in versions, the files it may be about, and proposals for it.

What a line means is `steps/questions.py`'s; what becomes of proposals is `answering/proposals.py`'s.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from pipelines.core.postgres import Connection, Database, read_records
from pipelines.core.records import Kind, Scope
from pipelines.core.statements import statement


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionSet:
    """One version: its lines are JSON, one question each, in the order of the file they came from."""

    version: int
    file_name: str
    lines: list[str]
    imported_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How far a file reaches: `reach` is pages of a deck, milliseconds of a lecture; None: not known yet."""

    kind: Kind
    file_name: str
    reach: int | None


MOST_PROPOSALS = 200
"""Proposals listed at once."""

State = Literal["taken", "declined"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedPlace:
    """Where a proposed question may be answered. `page` is of slides, the times of speech. `cited`: its answer cited
    it; False: it was found and passed over."""

    kind: Kind
    file: str
    page: int | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    cited: bool = True

    @classmethod
    def of(cls, kept: dict[str, Any]) -> "ProposedPlace":
        """From the JSON of its row."""
        return cls(
            kind=kept["kind"],
            file=kept["file"],
            page=kept.get("page"),
            start_ms=kept.get("startMs"),
            end_ms=kept.get("endMs"),
            cited=kept["cited"],
        )

    def kept(self) -> dict[str, Any]:
        """As its row keeps it."""
        values = {"page": self.page, "startMs": self.start_ms, "endMs": self.end_ms}
        given = {name: value for name, value in values.items() if value is not None}
        return {"kind": self.kind, "file": self.file, "cited": self.cited, **given}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A question proposed for a course. `rating` is of one from a chat, by who asked; `model` and `prompt_version` are
    of one that was drafted; the others are None."""

    id: UUID
    origin: Literal["chat", "draft"]
    question: str
    places: tuple[ProposedPlace, ...]
    rating: Literal["up", "down"] | None
    model: str | None
    prompt_version: str | None
    proposed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A passage of the course that a question may be drafted from."""

    kind: Kind
    file_name: str
    page: int | None
    start_ms: int | None
    end_ms: int | None
    title: str
    content: str


def put_question_set(
    connection: Connection, course_id: UUID, *, file_name: str, lines: Sequence[str]
) -> QuestionSet | None:
    """Keep checked lines as the course's newest version; None: the newest has the very same lines.

    Args:
        lines: at least one, none blank.
    """
    connection.execute(statement("lock_course"), {"course_id": course_id})  # two imports get two versions
    with connection.cursor(row_factory=class_row(QuestionSet)) as cursor:
        parameters = {"course_id": course_id, "file_name": file_name, "lines": list(lines)}
        return cursor.execute(statement("insert_question_set"), parameters).fetchone()


def list_question_sets(connection: Connection, course_id: UUID) -> list[QuestionSet]:
    """Every version, newest first; empty: nothing was imported."""
    return read_records(connection, QuestionSet, "list_question_sets", {"course_id": course_id})


def list_extents(connection: Connection, course_id: UUID) -> list[Extent]:
    """The files of a course that questions can be about."""
    return read_records(connection, Extent, "list_extents", {"course_id": course_id})


def list_material_files(db: Database, scope: Scope) -> frozenset[str]:
    """Base names of every deck and lecture that the scope's person searches in its course, processed yet or not."""
    with db.transaction(as_person=scope.person) as connection:
        parameters = {"course_id": scope.course_id, "person_id": scope.person.id}
        rows = connection.execute(statement("list_material_files"), parameters)
        return frozenset(row[0] for row in rows)


def share_question(
    connection: Connection,
    course_id: UUID,
    *,
    message_key: UUID,
    rating: str,
    question: str,
    places: Sequence[ProposedPlace],
) -> None:
    """Propose the question of an answer that its reader rated, in place of an earlier proposal of it."""
    unshare_question(connection, message_key)
    _propose(connection, course_id, "chat", question, places, rating=rating, message_key=message_key)


def unshare_question(connection: Connection, message_key: UUID) -> None:
    """Take back what was shared of an answer; a line that was made of it stays."""
    connection.execute(statement("delete_proposed_question"), {"message_key": message_key})


def draft_question(
    connection: Connection, course_id: UUID, *, question: str, place: ProposedPlace, model: str, prompt_version: str
) -> None:
    """Propose a question that a model wrote from a passage."""
    _propose(connection, course_id, "draft", question, [place], model=model, prompt_version=prompt_version)


def list_proposals(connection: Connection, course_id: UUID) -> list[Proposal]:
    """Questions that wait to be looked at, oldest first."""
    parameters = {"course_id": course_id, "limit": MOST_PROPOSALS}
    return [_proposal(*row) for row in connection.execute(statement("list_proposed_questions"), parameters)]


def settle_proposals(connection: Connection, course_id: UUID, ids: Sequence[UUID], state: State) -> list[Proposal]:
    """Remember what became of these; those of them that were waiting."""
    parameters = {"course_id": course_id, "ids": list(ids), "state": state}
    return [_proposal(*row) for row in connection.execute(statement("settle_proposed_questions"), parameters)]


def list_passages(
    connection: Connection, course_id: UUID, *, kinds: Sequence[Kind], tokens: int, seed: str, limit: int
) -> list[Passage]:
    """Passages of at least so many tokens that no question was drafted from, in an order that `seed` gives."""
    parameters = {"course_id": course_id, "kinds": list(kinds), "tokens": tokens, "seed": seed, "limit": limit}
    return read_records(connection, Passage, "list_drafted_from", parameters)


def _propose(
    connection: Connection,
    course_id: UUID,
    origin: str,
    question: str,
    places: Sequence[ProposedPlace],
    *,
    rating: str | None = None,
    message_key: UUID | None = None,
    model: str | None = None,
    prompt_version: str | None = None,
) -> None:
    values = {"rating": rating, "message_key": message_key, "model": model, "prompt_version": prompt_version}
    kept = Jsonb([place.kept() for place in places])
    about = {"course_id": course_id, "origin": origin, "question": question, "places": kept}
    connection.execute(statement("insert_proposed_question"), {**about, **values})


def _proposal(*row: Any) -> Proposal:
    names = ("id", "origin", "question", "places", "rating", "model", "prompt_version", "proposed_at")
    values = dict(zip(names, row, strict=True))
    return Proposal(**{**values, "places": tuple(ProposedPlace.of(place) for place in values["places"])})
