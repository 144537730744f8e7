"""Erasure of a person: what is theirs alone goes, what is the course's stays and is nobody's."""

from uuid import UUID

from pipelines.core.courses import delete_course
from pipelines.core.errors import NotFoundError
from pipelines.core.postgres import Connection
from pipelines.core.statements import statement
from pipelines.core.uploads import KINDS, delete_upload


def erase_person(connection: Connection, person_id: UUID) -> None:
    """Erase a person in this transaction; rows and files of their private uploads follow as those of deleted ones do.

    Their published uploads are the course's and stay. A course that they alone owned gets who teaches it longest as its
    owner; one in which nobody is left, and which nobody can join, is deleted. An answer or a run under way writes
    nothing more. Who signs in again is somebody new.

    Raises:
        NotFoundError: there is no such person.
    """
    whom = {"person_id": person_id}
    if connection.execute(statement("lock_person"), whom).fetchone() is None:
        raise NotFoundError("There is no such person.")
    for course_id, is_open, heir, others in connection.execute(statement("list_left_courses"), whom).fetchall():
        if heir is not None:
            connection.execute(statement("make_owner"), {"course_id": course_id, "person_id": heir})
        elif not others and not is_open:
            delete_course(connection, course_id)
    for kind in KINDS:
        for (upload_id,) in connection.execute(kind.statement("list_private_uploads"), whom).fetchall():
            delete_upload(connection, kind, upload_id)
    connection.execute(statement("note_event"), {"action": "person.erased", "subject_id": None, "detail": ""})
    connection.execute(statement("tell_erased"), whom)
    connection.execute(statement("delete_person"), whom)
