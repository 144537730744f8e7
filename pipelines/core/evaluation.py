"""Evaluation of a course: a file's questions asked with the function the chat uses, scored by `steps/scoring.py`."""

from collections.abc import Sequence
from uuid import UUID

from pipelines.core.models.providers import Embedder
from pipelines.core.postgres import Database
from pipelines.core.records import Hit, Scope
from pipelines.core.retrieval import retrieve_chunks
from pipelines.core.statements import statement

DEPTH = 10
"""Hits asked for each question."""


def ask_questions(db: Database, course_id: UUID, questions: Sequence[str], *, embed: Embedder) -> list[list[Hit]]:
    """The first ten hits of each question over all material of the course, in the questions' order.

    Raises:
        what `retrieve_chunks` raises.
    """
    scope = Scope(course_id=course_id)
    return [retrieve_chunks(db, question, scope=scope, embed=embed, limit=DEPTH) for question in questions]


def list_material_files(db: Database, course_id: UUID) -> frozenset[str]:
    """Base names of every deck and lecture of the course, whether searchable yet or not."""
    with db.transaction() as connection:
        rows = connection.execute(statement("list_material_files"), {"course_id": course_id})
        return frozenset(row[0] for row in rows)
