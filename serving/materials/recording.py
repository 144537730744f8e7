"""Recording of uploads that came over HTTP: their type told by their content, their row written for who sent them."""

import asyncio
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from pipelines.core.access import teaches
from pipelines.core.admission import MB, adding, check_name, check_quotas
from pipelines.core.documents import put_document
from pipelines.core.errors import UnreadableFileError
from pipelines.core.files import StoredFile
from pipelines.core.lecture_links import put_linked_lecture
from pipelines.core.lecture_slides import link_document
from pipelines.core.lectures import put_lecture
from pipelines.core.partial.uploads import note_taken_upload, take_partial_upload
from pipelines.core.postgres import Connection
from pipelines.core.stored_files import hold_files
from pipelines.core.stores import Stores
from pipelines.core.uploads import DOCUMENT, Outcome, UploadKind
from pipelines.steps.documents.checks import check_document
from pipelines.steps.documents.kinds import kind_of
from pipelines.steps.links.names import name_of
from pipelines.steps.speech.sniff import sniff_media
from serving.accounts.access import CourseAccess, allowed
from serving.accounts.people import Principal
from serving.core import Core
from serving.materials.intake import Form, TakenFile
from serving.problems import ProblemError


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What a person sends to a course.

    `published` None: as is usual for their role. `deck_ids`: of a lecture alone. `partial_id`: of the upload in pieces
    that is whole now; None: it came at once. `url`: where the recording is fetched from, which is no file then.
    """

    kind: UploadKind
    person: Principal
    course: CourseAccess
    form: Form
    published: bool | None
    deck_ids: tuple[UUID, ...] = ()
    partial_id: UUID | None = None
    url: str | None = None

    @property
    def file(self) -> TakenFile:
        """The deck or the recording."""
        return self.form.files["file"]

    @property
    def stored(self) -> list[StoredFile]:
        """All files that were sent."""
        return [each.stored for each in self.form.files.values()]

    @property
    def byte_count(self) -> int:
        """Bytes of all of them."""
        return sum(each.byte_count for each in self.stored)

    @property
    def named(self) -> dict[str, Any]:
        """What decks and lectures are recorded by alike."""
        name = self.file.name
        title = PurePosixPath(name).stem
        return {"course_id": self.course.id, "title": title, "file_name": name, "source_name": name,
                "byte_count": self.byte_count, "owner_id": self.person.user_id}  # fmt: skip


async def take(core: Core, sent: Sending) -> tuple[UUID, Outcome]:
    """Look at files that are in the store and write the upload down for who sent it: its id, and what that changed.

    Raises:
        ProblemError: `bad_captions`, `not_allowed`.
        UnreadableFileError: `empty_file`, `too_large`, `not_a_pdf`, `unknown_kind`, `not_media`.
        NotFoundError, NotAllowedError: they were let go from the course, or gave the upload up, meanwhile.
        PermanentError: `person_quota`, `course_quota`, or `same_name`: theirs of that name is the course's now.
        StorageUnavailableError: the database is away, or a file was removed meanwhile.
    """
    stores, recorded = core.stores, False
    if sent.kind is DOCUMENT:
        await asyncio.to_thread(_check_deck, stores, sent.file)
    else:
        recorded = sent.url is None and await asyncio.to_thread(_is_recording, stores, sent.file)
        captions = sent.form.files.get("captions")
        if captions is not None and await asyncio.to_thread(_is_recording, stores, captions):
            raise ProblemError("bad_captions", field="captions")

    def work(connection: Connection) -> tuple[UUID, Outcome]:
        if sent.partial_id is not None:
            take_partial_upload(connection, sent.partial_id)
        upload_id, outcome = _record(connection, stores, sent, recorded=recorded)
        if sent.partial_id is not None:
            note_taken_upload(connection, sent.partial_id, upload_id)
        return upload_id, outcome

    return await core.run(sent.person, work)


def _check_deck(stores: Stores, taken: TakenFile) -> None:
    """Goes on where the file may be a deck.

    Raises:
        UnreadableFileError: `empty_file`, `too_large`, `not_a_pdf`, `unknown_kind`.
    """
    with stores.files.local_path(taken.stored.sha256) as path:
        check_document(path, file_name=taken.name, max_bytes=stores.settings.pdf_max_mb * MB)


def _is_recording(stores: Stores, taken: TakenFile) -> bool:
    """Whether the file may be a recording; otherwise it is text, which may be captions.

    Raises:
        UnreadableFileError: it is neither (`not_media`).
    """
    with stores.files.open_read(taken.stored.sha256) as source:
        if sniff_media(source) is not None:  # type: ignore[arg-type]
            return True
        if kind_of(source) != "text":  # type: ignore[arg-type]
            raise UnreadableFileError("This file is no recording, whatever its name says.", code="not_media")
    return False


def _record(connection: Connection, stores: Stores, sent: Sending, *, recorded: bool) -> tuple[UUID, Outcome]:
    """`recorded`: the file of a lecture is a recording, and not captions."""
    published = _admit(connection, stores, sent)
    if sent.kind is DOCUMENT:
        sha256 = sent.file.stored.sha256
        deck, outcome = put_document(connection, sealer=stores.sealer, sha256=sha256, published=published, **sent.named)
        return deck.id, outcome
    if sent.url is not None:
        return _record_link(connection, sent, sent.url, published=published)
    captions = sent.form.files.get("captions") if recorded else sent.file
    lecture, outcome = put_lecture(
        connection,
        media_sha256=sent.file.stored.sha256 if recorded else None,
        captions_sha256=captions.stored.sha256 if captions is not None else None,
        captions_name=captions.name if captions is not None else None,
        published=published,
        **sent.named,
    )
    for deck_id in sent.deck_ids:
        link_document(connection, lecture.id, deck_id)
    return lecture.id, outcome


def _record_link(connection: Connection, sent: Sending, url: str, *, published: bool) -> tuple[UUID, Outcome]:
    captions = sent.form.files.get("captions")
    lecture_id, outcome = put_linked_lecture(
        connection,
        course_id=sent.course.id,
        owner_id=sent.person.user_id,
        url=url,
        file_name=name_of(url),
        published=published,
        captions_sha256=captions.stored.sha256 if captions is not None else None,
        captions_name=captions.name if captions is not None else None,
        byte_count=sent.byte_count,
    )
    for deck_id in sent.deck_ids:
        link_document(connection, lecture_id, deck_id)
    return lecture_id, outcome


def _admit(connection: Connection, stores: Stores, sent: Sending) -> bool:
    """Ask again, now that the bytes are here, and hold them; whether a new upload is published."""
    asking, course, kind = sent.person.person, sent.course, sent.kind
    role = adding(connection, asking, kind, course.id)
    published = teaches(role) if sent.published is None else sent.published
    allowed(not published or teaches(role))
    names = [each.sha256 for each in sent.stored]
    if sent.url is None:
        check_name(connection, asking, kind, course_id=course.id, source_name=sent.file.name, contents=names)
    if not sent.person.local:
        check_quotas(
            connection, stores.settings, course_id=course.id, owner_id=sent.person.user_id, byte_count=sent.byte_count
        )
    hold_files(connection, stores.files, names)
    return published
