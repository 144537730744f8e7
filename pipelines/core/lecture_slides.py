"""Rows of alignments: which decks a lecture goes through, and which slide was up when."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pipelines.core.postgres import Connection, read_records, values_of
from pipelines.core.records import Document, Lecture, SlideSpan
from pipelines.core.statements import statement
from pipelines.core.uploads import lock_upload

MOST_SIMILAR = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedDocument:
    """A deck of a lecture: `given` by a person, or proposed because speech and slides are alike (`similarity`)."""

    document_id: UUID
    given: bool
    similarity: float | None = None


def link_document(connection: Connection, lecture_id: UUID, document_id: UUID) -> bool:
    """Say that a lecture goes through a deck of its course; a proposal becomes certain.

    Returns:
        False when that was said before, or the deck is not one of the lecture's course.
    """
    parameters = {"lecture_id": lecture_id, "document_id": document_id}
    return connection.execute(statement("link_document"), parameters).fetchone() is not None


def list_linked_documents(connection: Connection, lecture_id: UUID) -> list[LinkedDocument]:
    """The decks of a lecture that are not deleted; empty when none was given and none proposed."""
    return read_records(connection, LinkedDocument, "list_linked_documents", {"lecture_id": lecture_id})


def list_similar_documents(connection: Connection, lecture: Lecture) -> list[LinkedDocument]:
    """The ten decks of the course most like what is said in a lecture, the most alike first; empty before vectors."""
    rows = _likenesses(connection, lecture.course_id, lecture_ids=[lecture.id])[:MOST_SIMILAR]
    return [LinkedDocument(document_id=row[1], given=False, similarity=row[2]) for row in rows]


def propose_to_lectures(connection: Connection, document: Document, *, least: float) -> int:
    """Propose a deck that came late: for lectures of its course aligned without it, where nobody gave a deck.

    Args:
        least: how like the deck (similarity of `list_similar_documents`) a lecture must be.

    Returns:
        For how many lectures; `list_outdated_alignments` has them from now on.
    """
    key = {"course_id": document.course_id, "sha256": document.sha256}
    lecture_ids = [row[0] for row in connection.execute(statement("list_lectures_without_deck"), key)]
    rows = _likenesses(connection, document.course_id, lecture_ids=lecture_ids, document_ids=[document.id])
    alike = [row for row in rows if row[2] >= least]
    _propose(connection, alike)
    return len(alike)


def list_outdated_alignments(connection: Connection, *, limit: int = 200) -> list[tuple[UUID, str]]:
    """Lectures aligned before a deck of theirs was searchable: (id, a key of what was not compared)."""
    return [(row[0], row[1]) for row in connection.execute(statement("list_outdated_alignments"), {"limit": limit})]


def find_alignment_recipe(connection: Connection, lecture: Lecture) -> str | None:
    """What the lecture's spans were made from; None before it was aligned."""
    row = connection.execute(statement("get_alignment_recipe"), {"lecture_id": lecture.id}).fetchone()
    return row[0] if row is not None else None


def replace_lecture_slides(
    connection: Connection,
    lecture: Lecture,
    spans: Sequence[SlideSpan],
    *,
    recipe: str = "",
    deck_sha256s: Sequence[str] = (),
    proposed: Sequence[LinkedDocument] = (),
) -> None:
    """Write which slide was up when over what was there; proposals replace older proposals, given decks stay.

    Args:
        recipe: names everything the spans depend on.
        deck_sha256s: the uploads of the decks that were compared and had been read whole; others are compared again.

    Raises:
        SupersededError: the lecture was replaced or deleted meanwhile; nothing is written.
    """
    lock_upload(connection, lecture)
    key = {"course_id": lecture.course_id, "lecture_id": lecture.id}
    connection.execute(statement("delete_lecture_slides"), key)
    made_from = {"lecture_id": lecture.id, "recipe": recipe, "deck_sha256s": list(deck_sha256s)}
    connection.execute(statement("put_alignment"), made_from)
    _propose(connection, [(lecture.id, link.document_id, link.similarity) for link in proposed])
    with connection.cursor() as cursor:
        cursor.executemany(
            statement("insert_lecture_slide"),
            [{**key, **values_of(span)} for span in spans],
        )


def read_lecture_slides(connection: Connection, lecture: Lecture) -> list[SlideSpan]:
    """Which slide was up when, in order of time; empty when the lecture is not aligned."""
    key = {"course_id": lecture.course_id, "lecture_id": lecture.id}
    return read_records(connection, SlideSpan, "list_lecture_slides", key)


def _likenesses(
    connection: Connection, course_id: UUID, *, lecture_ids: Sequence[UUID], document_ids: Sequence[UUID] = ()
) -> list[tuple[UUID, UUID, float]]:
    """(lecture, deck, similarity), the most alike first; no `document_ids` mean all of the course."""
    key = {"course_id": course_id, "lecture_ids": list(lecture_ids), "document_ids": list(document_ids)}
    return [(row[0], row[1], row[2]) for row in connection.execute(statement("list_likenesses"), key)]


def _propose(connection: Connection, proposed: Sequence[tuple[UUID, UUID, float | None]]) -> None:
    names = ("lecture_id", "document_id", "similarity")
    with connection.cursor() as cursor:
        cursor.executemany(statement("propose_document"), [dict(zip(names, row, strict=True)) for row in proposed])
