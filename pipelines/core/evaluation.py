"""Evaluation of a course: a file's questions asked with the function the chat uses, scored by `steps/scoring.py`."""

from collections.abc import Sequence

from pipelines.core.models.providers import Embedder
from pipelines.core.postgres import Database
from pipelines.core.records import Hit, Scope
from pipelines.core.retrieval import retrieve_chunks
from pipelines.core.statements import statement

DEPTH = 10
"""Hits asked for each question."""


def ask_questions(db: Database, scope: Scope, questions: Sequence[str], *, embed: Embedder) -> list[list[Hit]]:
    """The first ten hits of each question within the scope, in the questions' order.

    Raises:
        what `retrieve_chunks` raises.
    """
    return [retrieve_chunks(db, question, scope=scope, embed=embed, limit=DEPTH) for question in questions]


def list_material_files(db: Database, scope: Scope) -> frozenset[str]:
    """Base names of every deck and lecture that the scope's person searches in its course, processed yet or not."""
    with db.transaction(as_person=scope.person) as connection:
        parameters = {"course_id": scope.course_id, "person_id": scope.person.id}
        rows = connection.execute(statement("list_material_files"), parameters)
        return frozenset(row[0] for row in rows)
