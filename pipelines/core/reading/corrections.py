"""Teachers' corrections of what was read and heard: rows of their own, laid over it wherever it is read on.

What was read stays as it was, so that a correction can be undone. It holds for the same bytes however often they are
processed again, and in other bytes where the same words stand in the same place.
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from pipelines.core.errors import NotFoundError
from pipelines.core.postgres import Connection
from pipelines.core.publishing import managed
from pipelines.core.records import Document, Lecture, Person, Segment, Slide
from pipelines.core.stages import retry_upload
from pipelines.core.statements import statement
from pipelines.core.uploads import DOCUMENT, LECTURE, UploadKind


def correct_page(
    connection: Connection, document_id: UUID, page: int, *, title: str | None, text: str | None, person: Person
) -> None:
    """Correct a page over an earlier correction of it; its deck's chunks are made again, or a failed deck as a whole.

    Args:
        title, text: None leaves what was read; one of the two is given.

    Raises:
        NotFoundError: there is no such page for them.
        NotAllowedError: it is the course's, and they do not teach it.
    """
    place = managed(connection, person, DOCUMENT, document_id)
    key = {"course_id": place.course_id, "upload_id": document_id, "page": page, "person_id": person.id}
    _put(connection, "put_page_correction", {**key, "title": title, "text": text})


def correct_title(connection: Connection, kind: UploadKind, upload_id: UUID, *, title: str, person: Person) -> None:
    """Correct the title of a deck or a lecture over an earlier correction of it; its chunks are made again.

    Raises:
        NotFoundError, NotAllowedError: as `correct_page`.
    """
    managed(connection, person, kind, upload_id)
    values = {"upload_id": upload_id, "title": title, "person_id": person.id}
    connection.execute(statement("put_title_correction"), values)


def correct_segment(connection: Connection, lecture_id: UUID, number: int, *, text: str, person: Person) -> None:
    """Correct a line of a transcript, by its number from 1.

    Raises:
        NotFoundError, NotAllowedError: as `correct_page`.
    """
    place = managed(connection, person, LECTURE, lecture_id)
    key = {"course_id": place.course_id, "upload_id": lecture_id, "number": number, "person_id": person.id}
    _put(connection, "put_segment_correction", {**key, "text": text})


def undo_page(connection: Connection, document_id: UUID, page: int, *, person: Person) -> None:
    """Have a page as it was read again; where nothing was corrected, nothing changes.

    Raises:
        NotFoundError, NotAllowedError: as `correct_page`.
    """
    managed(connection, person, DOCUMENT, document_id)
    connection.execute(statement("undo_page_correction"), {"upload_id": document_id, "page": page})


def undo_title(connection: Connection, kind: UploadKind, upload_id: UUID, *, person: Person) -> None:
    """Have a deck or a lecture called as it was read again.

    Raises:
        NotFoundError, NotAllowedError: as `correct_page`.
    """
    managed(connection, person, kind, upload_id)
    connection.execute(statement("undo_title_correction"), {"upload_id": upload_id})


def undo_segment(connection: Connection, lecture_id: UUID, number: int, *, person: Person) -> None:
    """Have a line as it was heard again.

    Raises:
        NotFoundError, NotAllowedError: as `correct_page`.
    """
    managed(connection, person, LECTURE, lecture_id)
    connection.execute(statement("undo_segment_correction"), {"upload_id": lecture_id, "number": number})


def corrected_title(connection: Connection, upload: Document | Lecture) -> tuple[str, bool]:
    """What a deck or a lecture is called, and whether a teacher said so. A deleted one: as it was called."""
    key = {"course_id": upload.course_id, "upload_id": upload.id}
    row = connection.execute(statement("get_title"), key).fetchone()
    return (row[0], row[1] is not None) if row is not None else (upload.title, False)


def corrected_slides(
    connection: Connection, document: Document, slides: Sequence[Slide]
) -> tuple[list[Slide], list[int]]:
    """The slides with what teachers corrected laid over them, and the pages that were."""
    key = {"course_id": document.course_id, "upload_id": document.id}
    found = {row[0]: row[1:] for row in connection.execute(statement("list_page_corrections"), key)}
    return [_corrected(slide, *found[slide.page]) if slide.page in found else slide for slide in slides], list(found)


def corrected_segments(
    connection: Connection, lecture: Lecture, segments: Sequence[Segment]
) -> tuple[list[Segment], int]:
    """The segments with what teachers corrected laid over them, and how many were. Of those, no word has a time."""
    key = {"course_id": lecture.course_id, "upload_id": lecture.id}
    found = {row[0]: row[1] for row in connection.execute(statement("list_segment_corrections"), key)}
    laid = [
        replace(segment, text=found[ordinal], words=()) if ordinal in found else segment
        for ordinal, segment in enumerate(segments)
    ]
    return laid, len(found)


def move_corrections(connection: Connection, upload_id: UUID, *, course_id: UUID, moved_id: UUID) -> None:
    """Give the upload that holds the same bytes in another course what was corrected of the first one."""
    key = {"upload_id": upload_id, "course_id": course_id, "moved_id": moved_id}
    connection.execute(statement("move_corrections"), key)


def list_due_deck_corrections(connection: Connection, *, limit: int = 200) -> list[tuple[UUID, str]]:
    """Decks whose chunks are older than a correction of theirs: (id, a key of this correction)."""
    rows = connection.execute(statement("list_due_deck_corrections"), {"limit": limit})
    return [(row[0], row[1]) for row in rows]


def list_due_lecture_corrections(connection: Connection, *, limit: int = 200) -> list[tuple[UUID, str]]:
    """Lectures whose chunks are older than a correction of theirs: (id, a key of this correction)."""
    rows = connection.execute(statement("list_due_lecture_corrections"), {"limit": limit})
    return [(row[0], row[1]) for row in rows]


def _put(connection: Connection, name: str, values: dict[str, object]) -> None:
    if connection.execute(statement(name), values).fetchone() is None:
        raise NotFoundError("There is no such place in it.")
    upload_id = values["upload_id"]
    assert isinstance(upload_id, UUID)  # noqa: S101  both callers give one
    retry_upload(connection, upload_id)


def _corrected(slide: Slide, title: str | None, text: str | None) -> Slide:
    if title is not None:
        slide = replace(slide, title=title)
    if text is not None:
        slide = replace(slide, body=text, line_boxes=(), text_source="layer")
    return slide
