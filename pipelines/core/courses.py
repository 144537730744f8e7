"""Courses: found by name on the command line, by id everywhere else; renamed, and deleted with all they hold."""

from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import class_row

from pipelines.core.errors import NotFoundError, PermanentError
from pipelines.core.names import nfc
from pipelines.core.postgres import Connection
from pipelines.core.records import Course
from pipelines.core.statements import statement
from pipelines.core.uploads import KINDS, delete_upload


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseSize:
    """A course and how much it holds; `failed` uploads are counted in `decks` and `lectures` too."""

    id: UUID
    name: str
    decks: int
    lectures: int
    failed: int


def ensure_course(connection: Connection, name: str, *, language: str | None = None) -> Course:
    """The course that `name` means, made where it is missing. `language` is used only when it is made.

    Raises:
        NotFoundError: there are several.
    """
    connection.execute(statement("lock_course_name"), {"name": nfc(name)})
    found = _named(connection, name)
    if found is not None:
        return found
    row = connection.execute(statement("insert_course"), {"name": nfc(name), "language": language}).fetchall()[0]
    return Course(id=row[0], name=row[1], language=row[2])


def find_course(connection: Connection, name: str) -> Course:
    """The course that `name` means: its name, or its id.

    Raises:
        NotFoundError: there is none, or there are several.
    """
    found = _named(connection, name)
    if found is None:
        raise NotFoundError(f"There is no course called “{name}”.")
    return found


def get_course(connection: Connection, course_id: UUID) -> Course:
    """The course of this id.

    Raises:
        NotFoundError: there is none.
    """
    row = connection.execute(statement("get_course"), {"course_id": course_id}).fetchone()
    if row is None:
        raise NotFoundError("There is no such course.")
    return Course(id=row[0], name=row[1], language=row[2])


def list_courses(connection: Connection) -> list[Course]:
    """Every course, by name."""
    return [Course(id=row[0], name=row[1], language=row[2]) for row in connection.execute(statement("list_courses"))]


def list_course_sizes(connection: Connection) -> list[CourseSize]:
    """Every course and how much it holds, by name."""
    with connection.cursor(row_factory=class_row(CourseSize)) as cursor:
        return cursor.execute(statement("list_course_sizes")).fetchall()


def course_name(name: str) -> str:
    """The name as it is kept.

    Raises:
        PermanentError: it is empty or cannot be printed (`bad_name`).
    """
    name = nfc(name).strip()
    if not name or not name.isprintable():
        raise PermanentError("That is no name for a course.", code="bad_name")
    return name


def rename_course(connection: Connection, course: Course, name: str) -> Course:
    """Give a course another name.

    Raises:
        PermanentError: the name is empty or cannot be printed (`bad_name`).
        NotFoundError: the course was deleted.
    """
    parameters = {"course_id": course.id, "name": course_name(name)}
    row = connection.execute(statement("rename_course"), parameters).fetchone()
    if row is None:
        raise NotFoundError(f"There is no course called “{course.name}”.")
    return Course(id=row[0], name=row[1], language=row[2])


def delete_course(connection: Connection, course_id: UUID) -> bool:
    """Delete at once a course and what can be retrieved of it; rows and files go as those of its uploads do.

    Chats about it stay. Waits for uploads that are being recorded; later ones are refused.

    Returns:
        False when there was no such course.
    """
    parameters = {"course_id": course_id}
    if connection.execute(statement("lock_course"), parameters).fetchone() is None:
        return False
    for kind in KINDS:
        for (upload_id,) in connection.execute(kind.statement("list_course_uploads"), parameters).fetchall():
            delete_upload(connection, kind, upload_id)
    connection.execute(statement("delete_course"), parameters)
    connection.execute(statement("purge_course"), parameters)
    return True


def _named(connection: Connection, name: str) -> Course | None:
    rows = connection.execute(statement("find_courses"), {"name": nfc(name)}).fetchall()
    if len(rows) > 1:
        ids = ", ".join(str(row[0]) for row in rows)
        raise NotFoundError(f"There are {len(rows)} courses called “{name}”: say which by its id ({ids}).")
    if rows:
        return Course(id=rows[0][0], name=rows[0][1], language=rows[0][2])
    with suppress(ValueError, NotFoundError):
        return get_course(connection, UUID(name))
    return None
