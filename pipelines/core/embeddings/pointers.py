"""Pointers from courses to the embedding sets they are searched in: moved forward, and back once.

A course without a pointer is searched in the set that is live for all. A pointer moves in one transaction, and only
from the set that the one who moves it has compared with.
"""

from uuid import UUID

from pipelines.core.embeddings.sets import count_lacks, hold, note_used
from pipelines.core.errors import PermanentError
from pipelines.core.postgres import Connection, read_record
from pipelines.core.records import Course, EmbeddingSet
from pipelines.core.statements import statement


def course_set(connection: Connection, course_id: UUID) -> EmbeddingSet | None:
    """The set a course is searched in; None: nothing was embedded yet."""
    return read_record(connection, EmbeddingSet, "find_course_set", {"course_id": course_id})


def point(connection: Connection, course: Course, known: EmbeddingSet, *, compared: EmbeddingSet) -> None:
    """Search a course in this set from the end of the transaction on.

    Args:
        compared: the set it was found to be no worse than; a rollback goes back to it.

    Raises:
        PermanentError: another set went live meanwhile, or it was retired (`set_changed`); it is being built
            (`set_is_built`); it lacks vectors of the course (`set_incomplete`). Nothing has changed.
    """
    connection.execute(statement("lock_embedding_sets"))
    live = course_set(connection, course.id)
    if live is None or live.id != compared.id:
        raise PermanentError(
            f"Another set went live for {course.name} meanwhile: promote {known.name} again, against that one.",
            code="set_changed",
        )
    _move(connection, course, known, before=live, previous_id=live.id)


def roll_back(connection: Connection, course: Course) -> EmbeddingSet:
    """Search a course in the set it was searched in before the last promotion. Once: nothing is kept to go on to.

    Raises:
        PermanentError: there is none (`no_rollback`), it was retired (`set_changed`), it is being built
            (`set_is_built`), or it lacks vectors of what came since (`set_incomplete`). Nothing has changed.
    """
    connection.execute(statement("lock_embedding_sets"))
    previous = read_record(connection, EmbeddingSet, "find_previous_set", {"course_id": course.id})
    if previous is None:
        raise PermanentError(
            f"{course.name} has nothing to roll back to: no set was promoted since.", code="no_rollback"
        )
    _move(connection, course, previous, before=course_set(connection, course.id), previous_id=None)
    if previous.live:
        connection.execute(statement("delete_course_set"), {"course_id": course.id})
    return previous


def _move(
    connection: Connection, course: Course, known: EmbeddingSet, *, before: EmbeddingSet | None, previous_id: int | None
) -> None:
    hold(connection, known)
    for used in (known, before):
        if used is not None:
            note_used(connection, used)
    missing, chunks = count_lacks(connection, known, course.id)
    if missing:
        raise PermanentError(
            f"{known.name} lacks vectors of {missing} of {course.name}'s {chunks} chunks: build it first.",
            code="set_incomplete",
        )
    parameters = {"course_id": course.id, "set_id": known.id, "previous_id": previous_id}
    connection.execute(statement("put_course_set"), parameters)
