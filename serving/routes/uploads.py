"""Uploads: decks and lectures sent as forms, refused before their bytes are read or kept whole."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from pipelines.core.admission import MB
from pipelines.core.settings import Settings
from pipelines.core.uploads import DOCUMENT, LECTURE, UploadKind
from pipelines.steps.captions.records import MAX_BYTES as CAPTIONS_MAX_BYTES
from serving.accounts.access import CourseAccess
from serving.accounts.asking import Uploader
from serving.accounts.people import Principal
from serving.guard import router as guarded
from serving.guard import takes
from serving.materials.admitting import Fields, Said, one_of_few
from serving.materials.form import FORM_BYTES
from serving.materials.intake import taken_form
from serving.materials.recording import take
from serving.materials.shown import get_shown
from serving.problems import ProblemError, documented
from serving.schemas.uploads import UploadOut
from serving.state import state_of

router = guarded("/api", tag="uploads")

FORM = "multipart/form-data"


def _form(**files: str) -> dict[str, Any]:
    """The body of an upload, for the OpenAPI document."""
    binary = {"type": "string", "format": "binary"}
    fields: dict[str, Any] = {
        "courseId": {"type": "string", "format": "uuid"},
        "published": {"type": "boolean", "description": "Whether it is the course's at once; who teaches may say so."},
    }
    if "captions" in files:
        fields["url"] = {"type": "string", "description": "Where the recording is fetched from, instead of `file`."}
        fields["deckIds"] = {"type": "array", "items": {"type": "string", "format": "uuid"}, "maxItems": 100}
    fields |= {name: {**binary, "description": told} for name, told in files.items()}
    schema = {
        "type": "object",
        "required": ["courseId"] if "captions" in files else ["courseId", "file"],
        "properties": fields,
    }
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
    return await _taken(request, person, response, DOCUMENT, {"file": state_of(request).settings.pdf_max_mb * MB})


@router.post(
    "/lectures",
    status_code=201,
    operation_id="uploadLecture",
    openapi_extra=_form(file="A recording, or captions alone.", captions="Captions of the recording."),
    responses=documented(*_REFUSED, "not_media", "bad_captions", "bad_link")
    | {200: {"model": UploadOut, "description": "It was there."}},
)
@takes(FORM, largest=_largest_lecture)
async def upload_lecture(request: Request, person: Uploader, response: Response) -> UploadOut:
    """Add a lecture to a course, which who teaches it may, and students where the course lets them.

    `deckIds` names the decks it goes through. Instead of a file, `url` may say where the recording is: audio or video,
    a stream (HLS, DASH), or a podcast's feed (`#` and an item's id or title; else its first). It is fetched afterwards,
    which `stages` tell; deleting the lecture ends that. As for documents otherwise.
    """
    largest = {"file": state_of(request).settings.media_max_mb * MB, "captions": CAPTIONS_MAX_BYTES}
    return await _taken(request, person, response, LECTURE, largest)


async def _taken(
    request: Request, person: Principal, response: Response, kind: UploadKind, largest: Mapping[str, int]
) -> UploadOut:
    """The upload that a form brings, in the store and written down."""
    state, admitted = state_of(request), list[tuple[Said, CourseAccess]]()

    async def admit(fields: Fields) -> None:
        said = Said.read(kind, fields)
        admitted.append((said, await said.admit(state, person)))

    stores = state.core.stores
    with one_of_few(state, person):
        async with taken_form(
            request,
            database=stores.database,
            files=stores.files,
            largest=largest,
            admit=admit,
            instead="url" if kind is LECTURE else None,
        ) as form:
            if "url" in form.fields and "file" in form.files:
                raise ProblemError("invalid_request", field="url")
            ((said, course),) = admitted
            upload_id, outcome = await take(state.core, said.sending(person, course, form))
    if outcome in ("unchanged", "duplicate"):
        response.status_code = 200
    return await get_shown(state.core, person, kind, upload_id)
