"""Search of a course by its name or id, as whoever runs the system asks: the command line, and the service for it."""

from pipelines.core.courses import find_course
from pipelines.core.embeddings.embedders import question_embedder
from pipelines.core.models.payers import find_local_person
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
    embed, set_id = question_embedder(stores, found.id, find_local_person, briefly=briefly)
    scope = Scope(course_id=found.id, person=OPERATOR, kinds=kinds, set_id=set_id)
    ranking = ranking_for(stores, find_local_person, course_id=found.id)
    return retrieve_chunks(stores.database, question, scope=scope, embed=embed, limit=limit, ranking=ranking)
