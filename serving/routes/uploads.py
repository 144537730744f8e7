"""Uploads: decks and lectures sent as forms, refused before their bytes are read or kept whole."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import Request
from fastapi.responses import Response

from pipelines.core.access import adds_upload, teaches
from pipelines.core.admission import MB
from pipelines.core.publishing import place_of
from pipelines.core.settings import Settings
from pipelines.core.uploads import DOCUMENT, LECTURE, Outcome, UploadKind
from pipelines.steps.captions.records import MAX_BYTES as CAPTIONS_MAX_BYTES
from serving.accounts.access import CourseAccess, allowed, get_my_course
from serving.accounts.asking import Uploader
from serving.accounts.people import Principal
from serving.guard import router as guarded
from serving.guard import takes
from serving.materials.form import FORM_BYTES
from serving.materials.intake import Form, taken_form
from serving.materials.recording import Sending, check_deck, is_recording, record_document, record_lecture
from serving.materials.shown import get_shown
from serving.problems import ProblemError, documented
from serving.schemas.uploads import UploadOut
from serving.state import State, state_of

router = guarded("/api", tag="uploads")

FORM = "multipart/form-data"
Fields = Mapping[str, list[str]]


def _form(**files: str) -> dict[str, Any]:
    """The body of an upload, for the OpenAPI document."""
    binary = {"type": "string", "format": "binary"}
    fields: dict[str, Any] = {
        "courseId": {"type": "string", "format": "uuid"},
        "published": {"type": "boolean", "description": "Whether it is the course's at once; who teaches may say so."},
    }
    if "captions" in files:
        fields["deckIds"] = {"type": "array", "items": {"type": "string", "format": "uuid"}, "maxItems": 100}
    fields |= {name: {**binary, "description": told} for name, told in files.items()}
    schema = {"type": "object", "required": ["courseId", "file"], "properties": fields}
    return {"requestBody": {"required": True, "content": {FORM: {"schema": schema}}}}


_REFUSED = (
    "bad_form", "file_missing", "bad_name", "same_name", "empty_file", "unknown_kind", "too_large", "body_too_large",
    "wrong_body", "person_quota", "course_quota", "too_many_uploads", "not_found", "not_allowed", "invalid_request",
)  # fmt: skip


def _largest_document(settings: Settings) -> int:
    return settings.pdf_max_mb * MB + FORM_BYTES


def _largest_lecture(settings: Settings) -> int:
    return settings.media_max_mb * MB + CAPTIONS_MAX_BYTES + FORM_BYTES


@router.post(
    "/documents",
    status_code=201,
    operation_id="uploadDocument",
    openapi_extra=_form(file="A PDF, slides, a text document, a picture, a notebook."),
    responses=documented(*_REFUSED, "not_a_pdf") | {200: {"model": UploadOut, "description": "It was there."}},
)
@takes(FORM, largest=_largest_document)
async def upload_document(request: Request, person: Uploader, response: Response) -> UploadOut:
    """Add a deck to a course. A student's is private; who teaches publishes at once, unless `published` is false.

    A file of a name they have there is its new version; the same bytes again are the upload that is there. The fields
    come before the file.
    """
    state, said = state_of(request), _Said(DOCUMENT)
    stores = state.core.stores
    with _one_of_few(state, person):
        async with taken_form(
            request,
            database=stores.database,
            files=stores.files,
            largest={"file": state.settings.pdf_max_mb * MB},
            admit=_admit(state, person, said),
        ) as form:
            await asyncio.to_thread(check_deck, stores, form.files["file"])
            upload, outcome = await state.core.run(
                person, partial(record_document, stores=stores, sent=said.sending(person, form))
            )
    return await _told(state, person, said, upload.id, outcome, response)


@router.post(
    "/lectures",
    status_code=201,
    operation_id="uploadLecture",
    openapi_extra=_form(file="A recording, or captions alone.", captions="Captions of the recording."),
    responses=documented(*_REFUSED, "not_media", "bad_captions")
    | {200: {"model": UploadOut, "description": "It was there."}},
)
@takes(FORM, largest=_largest_lecture)
async def upload_lecture(request: Request, person: Uploader, response: Response) -> UploadOut:
    """Add a lecture to a course, which who teaches it may, and students where the course lets them.

    `deckIds` names the decks it goes through. As for documents otherwise.
    """
    state, said = state_of(request), _Said(LECTURE)
    stores = state.core.stores
    with _one_of_few(state, person):
        async with taken_form(
            request,
            database=stores.database,
            files=stores.files,
            largest={"file": state.settings.media_max_mb * MB, "captions": CAPTIONS_MAX_BYTES},
            admit=_admit(state, person, said),
        ) as form:
            if "file" not in form.files:
                raise ProblemError("file_missing")
            recorded = await asyncio.to_thread(is_recording, stores, form.files["file"])
            if "captions" in form.files and await asyncio.to_thread(is_recording, stores, form.files["captions"]):
                raise ProblemError("bad_captions", field="captions")
            upload, outcome = await state.core.run(
                person,
                partial(record_lecture, stores=stores, sent=said.sending(person, form), recorded=recorded),
            )
    return await _told(state, person, said, upload.id, outcome, response)


@dataclass
class _Said:
    """What a form's fields say. `published` None: as usual for the role."""

    kind: UploadKind
    published: bool | None = None
    deck_ids: tuple[UUID, ...] = ()
    course: CourseAccess | None = None

    def sending(self, person: Principal, form: Form) -> Sending:
        """What they send, once `_admit` has let it in."""
        assert self.course is not None  # noqa: S101  no form is taken without that
        return Sending(person=person, course=self.course, form=form, published=self.published, deck_ids=self.deck_ids)

    def read(self, fields: Fields) -> UUID:
        """Read the fields; the id of the course.

        Raises:
            ProblemError: `invalid_request`.
        """
        known = {"courseId", "published"} | ({"deckIds"} if self.kind is LECTURE else set())
        for name, values in fields.items():
            if name not in known or (len(values) > 1 and name != "deckIds"):
                raise ProblemError("invalid_request", field=name[:100])
        if "published" in fields:
            if fields["published"][0] not in ("true", "false"):
                raise ProblemError("invalid_request", field="published")
            self.published = fields["published"][0] == "true"
        listed = [each for value in fields.get("deckIds", []) for each in value.split(",") if each]
        self.deck_ids = tuple(_uuid("deckIds", each) for each in listed)
        return _uuid("courseId", fields.get("courseId", [""])[0])


def _admit(state: State, person: Principal, said: _Said) -> Callable[[Fields], Awaitable[None]]:
    """Asks, before a byte of a file is read, whether this person may bring this to that course.

    Raises:
        ProblemError: `invalid_request`, `not_found`, `not_allowed`.
    """

    async def admit(fields: Fields) -> None:
        course_id = said.read(fields)
        async with state.database.transaction(as_person=person.person) as connection:
            course = said.course = await get_my_course(connection, person, course_id)
        allowed(adds_upload(course.role, said.kind.noun, students_add_lectures=course.students_add_lectures))
        allowed(not said.published or teaches(course.role))
        for deck_id in said.deck_ids:
            deck = await state.core.run(
                person, partial(place_of, person=person.person, kind=DOCUMENT, upload_id=deck_id)
            )
            if deck.course_id != course_id:
                raise ProblemError("not_found")

    return admit


@contextmanager
def _one_of_few(state: State, person: Principal) -> Iterator[None]:
    """One upload more of this person.

    Raises:
        ProblemError: `too_many_uploads`.
    """
    if state.uploading[person.user_id] >= state.limits.uploads_per_user:
        raise ProblemError("too_many_uploads", retry_after_s=5)
    state.uploading[person.user_id] += 1
    try:
        yield
    finally:
        state.uploading[person.user_id] -= 1
        if not state.uploading[person.user_id]:
            del state.uploading[person.user_id]


async def _told(  # noqa: PLR0917  the end of two endpoints
    state: State, person: Principal, said: _Said, upload_id: UUID, outcome: Outcome, response: Response
) -> UploadOut:
    if outcome in ("unchanged", "duplicate"):
        response.status_code = 200
    return await get_shown(state.core, person, said.kind, upload_id)


def _uuid(field: str, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ProblemError("invalid_request", field=field) from None
