"""Retrieval for the service: core's one function, in a thread, with our own pool of connections beside it.

Belongs here: the bridge between the asynchronous service and synchronous core, nothing else.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from uuid import UUID

from pipelines.core.models.providers import embedder, load_second_embedder, wants_second_vectors
from pipelines.core.models.reranker import reranker_for
from pipelines.core.records import Hit, Kind, Person, Scope
from pipelines.core.search.by_name import find_hits, find_in_course
from pipelines.core.settings import LOCAL_EMBEDDING_MODEL
from pipelines.core.stores import Stores
from pipelines.core.tracing.spans import span
from serving.metrics import SEARCH_SECONDS

THREADS = 4
"""Searches at once; each takes one connection and, for the local embedder, one core for some milliseconds."""


class Searcher:
    """Finds passages of a course for a person, who pays where a provider makes the question's vector."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="search")

    async def search(
        self,
        question: str,
        *,
        course_id: UUID,
        person: Person,
        limit: int,
        kinds: tuple[Kind, ...] = (),
        source_ids: tuple[UUID, ...] = (),
    ) -> list[Hit]:
        """Passages that answer the question, best first; `kinds` and `source_ids` empty mean all.

        Raises:
            StudyBuddyError: database or embedder out of reach, or nobody pays for it (KeyMissingError).
        """

        def find() -> list[Hit]:
            scope = Scope(course_id=course_id, person=person, kinds=kinds, source_ids=source_ids)
            with SEARCH_SECONDS.time():
                return find_in_course(self._stores, question, scope=scope, payer=lambda _: person.id, limit=limit)

        with span("search", course=course_id) as this:
            hits = await asyncio.get_running_loop().run_in_executor(self._threads, copy_context().run, find)
            this.note(hits=len(hits), uploads=" ".join(sorted({str(hit.source_id) for hit in hits})))
            return hits

    async def search_by_name(
        self, question: str, *, course: str, limit: int, kinds: tuple[Kind, ...] = ()
    ) -> list[Hit]:
        """What `studybuddy search` finds.

        Raises:
            StudyBuddyError: no such course, database or embedder out of reach, ...
        """
        find = partial(find_hits, self._stores, question, course=course, limit=limit, kinds=kinds)
        return await asyncio.get_running_loop().run_in_executor(self._threads, find)

    def warm(self) -> None:
        """Load local models now, so that the first question does not wait; a provider's need nothing."""
        reranker = reranker_for(self._stores, lambda _: None)
        if reranker is not None:
            reranker.load()
        if self._stores.settings.embedding_model == LOCAL_EMBEDDING_MODEL:
            embedder(self._stores.settings).embed(["warm"])
        if wants_second_vectors(self._stores.settings):
            load_second_embedder()

    def close(self) -> None:
        """Let running searches end."""
        self._threads.shutdown(wait=True, cancel_futures=True)
