"""Search of a course as chat, pages and commands do it: in the set it is searched in, with the settings' reranker.

By its name or id where whoever runs the system asks: the command line, and the service for it.
"""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from pipelines.core.courses import find_course
from pipelines.core.embeddings.embedders import question_embedder
from pipelines.core.models.payers import find_local_person
from pipelines.core.postgres import Connection
from pipelines.core.records import OPERATOR, Hit, Kind, Scope
from pipelines.core.retrieval import ranking_for, retrieve_chunks
from pipelines.core.stores import Stores


def find_hits(
    stores: Stores, question: str, *, course: str, limit: int, kinds: tuple[Kind, ...] = (), briefly: bool = False
) -> list[Hit]:
    """Retrieve from the course of this name. The local person pays where a provider makes the question's vector.

    Args:
        briefly: for a process that asks a question or two and ends.

    Raises:
        StudyBuddyError: no such course, database out of reach, ...
    """
    with stores.database.transaction() as connection:
        found = find_course(connection, course)
    scope = Scope(course_id=found.id, person=OPERATOR, kinds=kinds)
    return find_in_course(stores, question, scope=scope, payer=find_local_person, limit=limit, briefly=briefly)


def find_in_course(
    stores: Stores,
    question: str,
    *,
    scope: Scope,
    payer: Callable[[Connection], UUID | None],
    limit: int,
    briefly: bool = False,
) -> list[Hit]:
    """Retrieve from a course, in the set that it is searched in.

    Args:
        scope: its set is found here.
        payer: who pays where a provider makes the question's vector (None: the operator).

    Raises:
        StudyBuddyError: database or embedder out of reach, nobody pays for it, ...
    """
    embed, set_id = question_embedder(stores, scope.course_id, payer, briefly=briefly, or_words=True)
    ranking = ranking_for(stores, payer, course_id=scope.course_id)
    return retrieve_chunks(
        stores.database, question, scope=replace(scope, set_id=set_id), embed=embed, limit=limit, ranking=ranking
    )
