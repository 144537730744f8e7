"""Publishing of uploads: offered by their owners, published, dated, declined and taken back by who teaches the course.

Every change of an upload that a person asks for begins with `place_of`, which says what they may do with it.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import dict_row

from pipelines.core.access import (
    Role,
    Shelf,
    manages_upload,
    offers_upload,
    publishes_upload,
)
from pipelines.core.errors import NotAllowedError, NotFoundError, PermanentError
from pipelines.core.postgres import Connection
from pipelines.core.records import Person
from pipelines.core.uploads import UploadKind, delete_upload


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an upload stands for a person; `role` None: they are no member of its course any more."""

    course_id: UUID
    role: Role | None
    shelf: Shelf


def place_of(connection: Connection, person: Person, kind: UploadKind, upload_id: UUID) -> Place:
    """Where an upload stands for a person.

    Raises:
        NotFoundError: it is not there for them.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        parameters = {"id": upload_id, "person_id": person.id}
        row = cursor.execute(kind.statement("list_place"), parameters).fetchone()
    if row is None:
        raise NotFoundError(f"There is no such {kind.noun}.")
    role: Role | None = "owner" if person.id is None else row["role"]
    shelf = Shelf(**{name: row[name] for name in ("own", "published", "offered", "released")})
    return Place(course_id=row["course_id"], role=role, shelf=shelf)


def managed(connection: Connection, person: Person, kind: UploadKind, upload_id: UUID) -> Place:
    """Where an upload stands that the person may rename, process again, replace or delete.

    Raises:
        NotFoundError: it is not there for them.
        NotAllowedError: it is the course's, and they do not teach it.
    """
    place = place_of(connection, person, kind, upload_id)
    if person.id is not None and not manages_upload(place.role, place.shelf):
        raise NotAllowedError(f"This {kind.noun} is the course's: only who teaches it can change it.")
    return place


def offer(connection: Connection, person: Person, kind: UploadKind, upload_id: UUID, *, offered: bool = True) -> None:
    """Offer one's own upload to the course, or take the offer back. Until it is published it stays private to searches.

    Raises:
        NotFoundError: it is not there for them.
        NotAllowedError: it is not theirs, or they left the course.
        PermanentError: it is published already (`published`).
    """
    place = place_of(connection, person, kind, upload_id)
    if place.shelf.published:
        raise PermanentError(f"The {kind.noun} is published already.", code="published")
    if not offers_upload(place.role, place.shelf):
        raise NotAllowedError(f"Only its owner, as a member of the course, can offer this {kind.noun}.")
    connection.execute(kind.statement("offer_upload"), {"id": upload_id, "offered": offered})


def publish(
    connection: Connection, person: Person, kind: UploadKind, upload_id: UUID, *, release_at: datetime | None = None
) -> None:
    """Make an upload the course's, or give a published one another date.

    Args:
        release_at: from when students see it; None: at once.

    Raises:
        NotFoundError: it is not there for them.
        NotAllowedError: they do not teach the course.
    """
    _publishing(connection, person, kind, upload_id)
    connection.execute(kind.statement("publish_upload"), {"id": upload_id, "release_at": release_at})


def withdraw(connection: Connection, person: Person, kind: UploadKind, upload_id: UUID) -> None:
    """Take an upload from the course, or decline its offer: it is its owner's alone again, at once.

    Raises:
        NotFoundError: it is not there for them.
        NotAllowedError: they do not teach the course.
        PermanentError: its owner has left the service, so that nobody would see it: delete it instead (`no_owner`).
    """
    place = _publishing(connection, person, kind, upload_id)
    changed = connection.execute(kind.statement("withdraw_upload"), {"id": upload_id}).fetchall()[0][0]
    if not changed and (place.shelf.published or place.shelf.offered):
        raise PermanentError(f"Nobody owns this {kind.noun} any more: delete it instead.", code="no_owner")


def delete(connection: Connection, person: Person, kind: UploadKind, upload_id: UUID) -> None:
    """Delete an upload: nothing finds it any more; rows and files follow within a minute.

    Raises:
        NotFoundError: it is not there for them.
        NotAllowedError: it is the course's, and they do not teach it.
    """
    managed(connection, person, kind, upload_id)
    if not delete_upload(connection, kind, upload_id):
        raise NotFoundError(f"There is no such {kind.noun}.")


def _publishing(connection: Connection, person: Person, kind: UploadKind, upload_id: UUID) -> Place:
    place = place_of(connection, person, kind, upload_id)
    if not publishes_upload(place.role, place.shelf):
        raise NotAllowedError(f"Only who teaches the course can publish this {kind.noun} or take it back.")
    return place
