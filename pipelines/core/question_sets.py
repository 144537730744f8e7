"""Question sets: what a course is evaluated with, in versions, and the files it may be about.

What a line means is `steps/questions.py`'s.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

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
