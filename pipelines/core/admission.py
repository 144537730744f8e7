"""Admission of uploads that come over HTTP: within quotas, and never changing what is the course's already."""

from collections.abc import Sequence
from uuid import UUID

from pipelines.core.access import Role, adds_upload, manages_upload
from pipelines.core.errors import NotAllowedError, NotFoundError, PermanentError
from pipelines.core.postgres import Connection
from pipelines.core.publishing import place_of
from pipelines.core.records import Person
from pipelines.core.settings import Settings
from pipelines.core.statements import statement
from pipelines.core.uploads import LECTURE, UploadKind

MB = 1_000_000


def adding(connection: Connection, person: Person, kind: UploadKind, course_id: UUID) -> Role:
    """What a person is in the course into which they bring an upload.

    Raises:
        NotFoundError: the course is not there for them.
        NotAllowedError: students add no lectures to it.
    """
    parameters = {"course_id": course_id, "person_id": person.id}
    row = connection.execute(statement("find_adder"), parameters).fetchone()
    if row is None or row[0] is None:
        raise NotFoundError("There is no such course.")
    role: Role = row[0]
    if not adds_upload(role, kind.noun, students_add_lectures=row[1]):
        raise NotAllowedError("Only who teaches this course adds lectures to it.")
    return role


def check_quotas(
    connection: Connection, settings: Settings, *, course_id: UUID, owner_id: UUID, byte_count: int
) -> None:
    """Goes on where so many bytes more are within the quotas; uploads of one course take turns from here on.

    Raises:
        NotFoundError: the course is not there for them.
        PermanentError: they are not (codes `person_quota`, `course_quota`).
    """
    parameters = {"course_id": course_id, "owner_id": owner_id}
    connection.execute(statement("lock_quotas"), parameters)
    row = connection.execute(statement("sum_uploads"), parameters).fetchone()
    if row is None:
        raise NotFoundError("There is no such course.")
    theirs, all_of_it = row
    if theirs + byte_count > settings.person_quota_mb * MB:
        raise PermanentError(
            f"A person may keep {settings.person_quota_mb} MB of uploads here. Delete what you need no more.",
            code="person_quota",
        )
    if all_of_it + byte_count > settings.course_quota_mb * MB:
        raise PermanentError(
            f"A course may keep {settings.course_quota_mb} MB of uploads. Delete what it needs no more.",
            code="course_quota",
        )


def check_name(
    connection: Connection,
    person: Person,
    kind: UploadKind,
    *,
    course_id: UUID,
    source_name: str,
    contents: Sequence[str],
) -> None:
    """Goes on where new bytes under this name change nothing of the person's that is the course's now.

    Args:
        contents: sha256 of the new bytes, of all files that are given.

    Raises:
        PermanentError: they would (`same_name`): a student's deck that was published is not theirs to replace.
    """
    parameters = {
        "course_id": course_id,
        "source_name": source_name,
        "by_stem": kind is LECTURE,
        "contents": list(contents),
        "person_id": person.id,
    }
    row = connection.execute(kind.statement("find_changed_upload"), parameters).fetchone()
    if row is None:
        return
    place = place_of(connection, person, kind, row[0])
    if not manages_upload(place.role, place.shelf):
        raise PermanentError(f"The course has your {source_name}; give this file another name.", code="same_name")
