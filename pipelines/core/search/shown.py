"""Pages that are pictures, found by what was said while they were up: their few words do not say what they show.

A stretch of speech among the first rows brings the slide that was up meanwhile, where that says little by itself.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from pipelines.core.postgres import Connection
from pipelines.core.statements import statement

LOOKED_AT = 5
"""First rows whose speech is looked at: further ones have too little to do with the question."""
FEW_WORDS = 12
"""A page of fewer words with letters is a picture, as far as search knows."""
SHOWN_MS = 8_000
"""How long a page was up at least during the stretch: a shorter one was passed over."""
BEHIND = 1e-6
"""A page stands right behind the words that brought it, which are what can be quoted."""


def with_shown_pages(
    connection: Connection,
    course_id: UUID,
    rows: Sequence[dict[str, Any]],
    *,
    chunker: str,
    within: Sequence[UUID],
    sources: Sequence[UUID],
) -> list[dict[str, Any]]:
    """The rows of a search with the pages that were up during the first of them, in the order of their scores.

    Args:
        within: decks and lectures to stay within; sources: those the person may search. Empty: all of the course.
    """
    speech = {row["chunk_id"]: row for row in rows[:LOOKED_AT] if row["kind"] == "speech"}
    if not speech:
        return list(rows)
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(
            statement("list_shown_pictures"),
            {
                "course_id": course_id,
                "chunk_ids": list(speech),
                "chunker": chunker,
                "within": list(within),
                "sources": list(sources),
                "words": FEW_WORDS,
                "shown_ms": SHOWN_MS,
            },
        ).fetchall()
    best = {row["chunk_id"]: row for row in rows}
    for page in found:
        said = speech[page.pop("speech_id")]
        score, known = said["score"] - BEHIND, best.get(page["chunk_id"])
        if known is None or known["score"] < score:
            own = known or page | {"dense_rank": None, "lexical_rank": None, "bm25": 0.0, "placed": False}
            best[page["chunk_id"]] = own | {"score": score, "cosine": said["cosine"]}
    return sorted(best.values(), key=lambda row: -row["score"])
