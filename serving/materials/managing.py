"""Changes of uploads beyond publishing: renamed, dated, processed again, unlocked, moved.

Each asks first whether the person may (`core/people/publishing.py`).
"""

from datetime import datetime
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from pipelines.core.access import teaches
from pipelines.core.admission import adding
from pipelines.core.documents import get_document, put_document, unlock_document
from pipelines.core.errors import PermanentError
from pipelines.core.lectures import get_lecture, put_lecture
from pipelines.core.names import rename_upload
from pipelines.core.postgres import Connection
from pipelines.core.publishing import managed, place_of, publish
from pipelines.core.reading.corrections import move_corrections
from pipelines.core.records import Document, Lecture, Person
from pipelines.core.stores import Stores
from pipelines.core.uploads import DOCUMENT, UploadKind, delete_upload, reprocess_upload
from serving.accounts.access import allowed


class Change:
    """What one person changes of one upload, in one transaction.

    Raises:
        NotFoundError, NotAllowedError, SupersededError: from every method: it is not there for them, or not theirs to
            change.
    """

    def __init__(
        self, connection: Connection, stores: Stores, kind: UploadKind, upload_id: UUID, person: Person
    ) -> None:
        self._connection, self._sealer = connection, stores.sealer
        self._kind, self._id, self._person = kind, upload_id, person

    def rename(self, name: str) -> None:
        """Give it another name.

        Raises:
            PermanentError: `bad_name`, `same_name`.
        """
        rename_upload(self._connection, self._managed(), name)

    def release(self, at: datetime | None) -> None:
        """Say from when students see it; None: at once.

        Raises:
            PermanentError: it is not the course's yet (`not_published`).
        """
        self._managed()
        if not place_of(self._connection, self._person, self._kind, self._id).shelf.published:
            raise PermanentError("It is not published yet.", code="not_published")
        publish(self._connection, self._person, self._kind, self._id, release_at=at)

    def reprocess(self) -> None:
        """Have it processed again."""
        reprocess_upload(self._connection, self._managed())

    def unlock(self, password: str) -> None:
        """Keep the password of a protected deck, and have it processed again."""
        document = self._managed()
        assert isinstance(document, Document)  # noqa: S101  lectures have no such route
        unlock_document(self._connection, document, password, sealer=self._sealer)

    def move(self, course_id: UUID) -> UUID:
        """Move their own upload to another course of theirs, as a new upload of the same bytes; the id of that."""
        upload, place = self._managed(), place_of(self._connection, self._person, self._kind, self._id)
        role = adding(self._connection, self._person, self._kind, course_id)
        allowed(place.shelf.own)
        if course_id == place.course_id:
            return self._id
        moved = self._put_in(course_id, upload, published=place.shelf.published and teaches(role))
        move_corrections(self._connection, self._id, course_id=course_id, moved_id=moved)
        delete_upload(self._connection, self._kind, self._id)
        return moved

    def _put_in(self, course_id: UUID, upload: Document | Lecture, *, published: bool) -> UUID:
        named: dict[str, Any] = {
            "title": PurePosixPath(upload.file_name).stem,
            "file_name": upload.file_name,
            "source_name": upload.source_name,
            "byte_count": upload.byte_count,
            "owner_id": self._person.id,
            "published": published,
        }
        if isinstance(upload, Document):
            return put_document(
                self._connection, sealer=self._sealer, course_id=course_id, sha256=upload.sha256,
                password=upload.password, **named,
            )[0].id  # fmt: skip
        return put_lecture(
            self._connection, course_id=course_id, media_sha256=upload.media_sha256, language=upload.language,
            captions_sha256=upload.captions_sha256, captions_name=upload.captions_name,
            prefer_speech=upload.prefer_speech, **named,
        )[0].id  # fmt: skip

    def _managed(self) -> Document | Lecture:
        managed(self._connection, self._person, self._kind, self._id)
        if self._kind is DOCUMENT:
            return get_document(self._connection, self._id, person=self._person, sealer=self._sealer)
        return get_lecture(self._connection, self._id, person=self._person)
