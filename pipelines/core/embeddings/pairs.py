"""Pairs of a course and a set that are evaluated: the partitions of `evaluation`, for courses that have questions."""

from dataclasses import dataclass
from uuid import UUID

from pipelines.core.errors import NotFoundError
from pipelines.core.postgres import Connection, read_records
from pipelines.core.records import Course
from pipelines.core.statements import statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A course with questions and a set that is not retired. `partition_key` is what Dagster calls the two, `live` says
    whether the course is searched in the set."""

    partition_key: str
    course_id: UUID
    course_name: str
    set_name: str
    live: bool

    @property
    def course(self) -> Course:
        """The course, without its language."""
        return Course(id=self.course_id, name=self.course_name)


def list_pairs(connection: Connection) -> list[Pair]:
    """Every pair, by partition key."""
    return read_records(connection, Pair, "list_pairs", {})


def find_pair(connection: Connection, partition_key: str) -> Pair:
    """The pair of this partition key.

    Raises:
        NotFoundError: the course or the set is gone or has another name, or the course has no questions.
    """
    found = next((pair for pair in list_pairs(connection) if pair.partition_key == partition_key), None)
    if found is None:
        raise NotFoundError(f"No course with questions and set is called {partition_key} any more.")
    return found


def course_states(connection: Connection) -> dict[UUID, str]:
    """Of each course with questions a short text that changes with whatever an evaluation of its live set depends on; a
    course of which something is being processed is left out."""
    return {row[0]: row[1] for row in connection.execute(statement("list_course_states"))}
