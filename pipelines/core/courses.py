"""Courses: found by name on the command line, by id everywhere else."""

from uuid import UUID

from pipelines.core.errors import NotFoundError
from pipelines.core.postgres import Connection
from pipelines.core.records import Course
from pipelines.core.statements import statement


def ensure_course(connection: Connection, name: str, *, language: str | None = None) -> Course:
    """The course called `name`, made where it is missing. `language` is used only when it is made."""
    row = connection.execute(statement("ensure_course"), {"name": name, "language": language}).fetchone()
    if row is None:  # another transaction made it between the two halves of the statement
        return find_course(connection, name)
    return Course(id=row[0], name=row[1], language=row[2])


def find_course(connection: Connection, name: str) -> Course:
    """The course called `name`.

    Raises:
        NotFoundError: there is none.
    """
    row = connection.execute(statement("find_course"), {"name": name}).fetchone()
    if row is None:
        raise NotFoundError(f"There is no course called “{name}”.")
    return Course(id=row[0], name=row[1], language=row[2])


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
