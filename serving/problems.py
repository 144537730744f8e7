"""The one table of errors a client can see: code, HTTP status, sentence. Everything that fails passes through here.

The same short JSON, `{"error": {"code", "message"}}`, is the body of an HTTP error and the text of an `error` part
inside a stream, so a frontend reads both alike. Exception text never gets out.
"""

from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict
from pydantic_core import to_json
from starlette.exceptions import HTTPException

from pipelines.core.errors import ProviderRefusedError, StudyBuddyError, UnreadableFileError
from pipelines.http.rules import REFUSALS, Scope
from serving.log import log


@dataclass(frozen=True, slots=True)
class Problem:
    """An HTTP status and a sentence for people."""

    status: int
    message: str


PROBLEMS: dict[str, Problem] = {
    # the request
    "bad_request": Problem(400, "The request cannot be read."),
    "invalid_request": Problem(422, "Something in the request is missing or not as it should be."),
    "bad_id": Problem(422, "An id may have 1 to 64 letters, digits, `-` and `_`."),
    "question_missing": Problem(422, "There is no question in the request."),
    "question_too_long": Problem(413, "The question is too long."),
    "attachments_unsupported": Problem(422, "Files cannot be attached to a question."),
    "course_required": Problem(422, "A new chat needs the id of a course (`courseId`)."),
    "course_mismatch": Problem(409, "This chat belongs to another course."),
    "body_too_large": Problem(413, "The request is too large."),
    **{code: Problem(refusal.status, refusal.message) for code, refusal in REFUSALS.items()},
    "not_authenticated": Problem(401, "Sign in first."),
    "not_moved": Problem(409, "You still write in the former system; here you can read."),
    "suspended": Problem(403, "Your account is suspended; ask who runs this service."),
    "too_many_requests": Problem(429, "That were very many requests in a minute; wait a moment and go on."),
    "scope_missing": Problem(403, "This token is not for that; make one with the scope it takes, or sign in."),
    "sign_in_expired": Problem(403, "This sign-in was begun too long ago or in another browser; sign in again."),
    "sign_in_refused": Problem(403, "The sign-in did not succeed; try again, or ask who runs this service."),
    "sign_in_unavailable": Problem(503, "The sign-in service cannot be reached now; try again in a moment."),
    "no_sign_in": Problem(404, "Nobody signs in here by a page: run `studybuddy open` on the machine itself."),
    "ticket_expired": Problem(403, "This address was good once and for a minute; run `studybuddy open` again."),
    "connect_expired": Problem(400, "This was begun too long ago, elsewhere, or is done already; connect again."),
    "connect_refused": Problem(403, "OpenRouter gave no key; connect again and allow it there."),
    "openrouter_unavailable": Problem(503, "OpenRouter cannot be reached now; try again in a moment."),
    "no_connecting": Problem(404, "This service has no page to come back to; paste a key instead."),
    "key_unusable": Problem(422, "The provider does not accept this key; look whether it is whole and still good."),
    "address_refused": Problem(422, "Keys may not be used at this address here; ask who runs this service."),
    "unknown_model": Problem(422, "Your key cannot use this model; choose one of the list."),
    "too_many_tokens": Problem(409, "You have as many tokens as one may have; delete one first."),
    "wrong_body": Problem(415, "The body is not of a type that this address takes."),
    "bad_form": Problem(400, "The form cannot be read: its fields come first, each once and short, then its file."),
    "file_missing": Problem(422, "The form has no file."),
    "empty_file": Problem(422, "The file is empty."),
    "not_a_pdf": Problem(422, "This file is not a PDF, whatever its name says."),
    "not_media": Problem(422, "This file is no recording, whatever its name says."),
    "bad_link": Problem(422, "This link cannot be fetched: it takes a public https:// address without a password."),
    "bad_captions": Problem(422, "This file holds no captions."),
    "unknown_kind": Problem(422, "This file is no document that can be read. Export it as PDF and upload that."),
    "too_large": Problem(413, "The file is larger than may be uploaded here."),
    "bad_name": Problem(422, "That is no name for a file: use up to 255 bytes of letters, digits and punctuation."),
    "same_name": Problem(409, "There is a file of that name already; give this one another name, or delete that."),
    "no_owner": Problem(409, "Its owner is gone, so it can only be kept or deleted."),
    "person_quota": Problem(413, "Your uploads would be larger than you may keep; delete what you need no more."),
    "course_quota": Problem(413, "The course's uploads would be larger than it may keep; delete some first."),
    "too_many_uploads": Problem(429, "You are uploading as many files as one may at once; wait for one to end."),
    "method_override": Problem(400, "The method of a request is its own; X-HTTP-Method-Override is not taken."),
    "tus_version": Problem(412, "Uploads in pieces are tus 1.0.0 here; send `Tus-Resumable: 1.0.0`."),
    "wrong_offset": Problem(409, "The upload goes on elsewhere: ask with HEAD where, and send from there."),
    "upload_busy": Problem(423, "Another request sends to this upload; try again in a moment."),
    "longer_than_said": Problem(413, "That is more than Upload-Length said; nothing of it was kept."),
    "link_expired": Problem(403, "This link has expired or is not whole; open the source again."),
    "not_allowed": Problem(403, "You may look at this but not change it; ask who teaches the course."),
    "last_owner": Problem(409, "A course needs an owner; make another member owner first."),
    "too_many_invitations": Problem(409, "The course has as many invitations as one may have; revoke one first."),
    "own_account": Problem(409, "That is your own account; another operator can change it."),
    "local_person": Problem(409, "That is this machine's own user, who cannot be suspended."),
    "only_person": Problem(409, "This machine has no other user: to erase everything, remove its home folder."),
    "superseded": Problem(404, "There is no such thing here."),
    "published": Problem(409, "It is published already."),
    "not_published": Problem(409, "It is not published: publish it, with the date from which students see it."),
    "invitation_ended": Problem(
        410, "This invitation is not good (any more). Look whether its link is whole, or ask for a new one."
    ),
    "not_found": Problem(404, "There is no such thing here."),
    "model_not_found": Problem(404, "There is no such course among yours; `GET /v1/models` lists what may be asked."),
    "several_courses": Problem(409, "Several of your courses are called that; name one by its id."),
    "unsupported": Problem(422, "What this field asks for is not done here; leave it out."),
    "method_not_allowed": Problem(405, "That cannot be done with this address."),
    "range_not_satisfiable": Problem(416, "The file has no such range."),
    "answer_in_progress": Problem(409, "An answer is being written in this chat; wait for it or stop it."),
    "too_many_answers": Problem(429, "Too many answers are being written at once; wait for one to end."),
    "shutting_down": Problem(503, "The service is restarting; try again in a moment."),
    # the model and its provider
    "connect_openrouter": Problem(
        412, "Connect OpenRouter to get written answers; these are the passages that fit best."
    ),
    "key_rejected": Problem(502, "The model provider rejected the key; connect it again."),
    "no_credit": Problem(402, "The model provider says there is no credit left."),
    "cap_reached": Problem(402, "Today's spending limit is reached; go on tomorrow, or raise it in the settings."),
    "cap_busy": Problem(429, "Answers under way may use up what may be spent today; wait for them to end."),
    "rate_limited": Problem(429, "The model provider is asked too often just now; try again in a moment."),
    "provider_unavailable": Problem(502, "The model provider cannot answer now; try again in a moment."),
    "provider_refused": Problem(502, "The model provider refused the request."),
    "forbidden": Problem(502, "The model provider does not allow this request."),
    "content_refused": Problem(502, "The model provider refused to answer this."),
    "context_too_long": Problem(413, "The chat has grown too long for the model; start a new one."),
    "timeout": Problem(504, "The model took too long to answer."),
    "stream_cut": Problem(502, "The connection to the model broke before the answer was whole."),
    "garbage": Problem(502, "The model provider sent something that cannot be read."),
    "no_answer": Problem(502, "The model gave no answer; ask again."),
    "answer_too_long": Problem(502, "The model did not come to an end; the answer was cut."),
    # ourselves
    "storage_unavailable": Problem(503, "The database cannot be reached now; try again in a moment."),
    "embedding_mismatch": Problem(503, "The course is being indexed anew; try again later."),
    "search_failed": Problem(503, "The course materials cannot be searched now."),
    "not_ready": Problem(503, "The service is not ready."),
    "internal": Problem(500, "Something went wrong here."),
}

EVERYWHERE = (
    "not_authenticated", "suspended", "scope_missing", "not_moved", "too_many_requests", "bad_host", "foreign_origin",
    "not_json", "sign_in_unavailable", "storage_unavailable", "internal",
)  # fmt: skip
"""Problems any route can give to who asks it; two of them only where something is sent."""

OPEN = ("bad_host", "foreign_origin", "not_json", "storage_unavailable", "internal")
"""Problems any route can give that anybody may ask."""

_FROM_STATUS = {400: "bad_request", 401: "not_authenticated", 404: "not_found", 405: "method_not_allowed"}


OPENAI = "/v1/"
"""How addresses begin whose errors have the shape that clients of OpenAI's interface read."""


class ErrorDetail(BaseModel):
    """`code` is stable and for programs, `message` a sentence for people; `field` names what is wrong in a body."""

    model_config = ConfigDict(extra="forbid")

    code: str
    message: str
    field: str | None = None


class ErrorBody(BaseModel):
    """The body of every error."""

    error: ErrorDetail


class OpenAIErrorDetail(ErrorDetail):
    """The same as clients of OpenAI's interface read it; `param` names what is wrong in a body."""

    type: str
    param: str | None = None


class OpenAIErrorBody(BaseModel):
    """The body of every error under `/v1`."""

    error: OpenAIErrorDetail


class ProblemError(Exception):
    """Ends a request with a problem of the table."""

    def __init__(self, code: str, *, field: str | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.field = field
        self.retry_after_s = retry_after_s


def code_of(error: BaseException) -> str:
    """The table's code for any exception; unknown ones are `internal`, or the general code of their class."""
    if isinstance(error, ProblemError):
        return error.code
    if isinstance(error, ProviderRefusedError) and error.code == "bad_request":
        return error.default_code  # the provider refused our request, not we theirs
    if isinstance(error, StudyBuddyError):
        return next((code for code in (error.code, error.default_code) if code in PROBLEMS), "internal")
    return "internal"


def said_of(error: BaseException) -> str | None:
    """The sentence of an error about a file that somebody sent, which says more than the table's; None of others."""
    return error.message if isinstance(error, UnreadableFileError) and error.code in PROBLEMS else None


def error_json(code: str, *, field: str | None = None, message: str | None = None, openai: bool = False) -> str:
    """The short JSON of a problem; `message` None: the table's. `openai`: as clients of OpenAI's interface read it."""
    detail: dict[str, Any] = {"code": code, "message": message or PROBLEMS[code].message}
    if openai:
        detail |= {"type": _openai_type(PROBLEMS[code].status), "param": field}
    elif field:
        detail["field"] = field
    return to_json({"error": detail}).decode()


def _openai_type(status: int) -> str:
    named = {401: "authentication_error", 402: "insufficient_quota", 403: "permission_error", 429: "rate_limit_error"}
    return named.get(status, "invalid_request_error" if status < 500 else "server_error")


def respond(
    code: str,
    *,
    scope: Scope,
    field: str | None = None,
    retry_after_s: float | None = None,
    message: str | None = None,
) -> Response:
    """A problem as the HTTP response to a request; `message` None: the table's."""
    headers = {"retry-after": str(max(1, round(retry_after_s)))} if retry_after_s is not None else {}
    if code == "not_authenticated":
        headers["www-authenticate"] = "Bearer"
    status = PROBLEMS[code].status
    body = error_json(code, field=field, message=message, openai=scope["path"].startswith(OPENAI))
    return Response(body, status, headers, media_type="application/json")


def documented(
    *codes: str, always: tuple[str, ...] = EVERYWHERE, body: type[BaseModel] = ErrorBody
) -> dict[int | str, dict[str, Any]]:
    """`responses=` of a route: these problems, by status, besides those that such a route can `always` give."""
    by_status: dict[int | str, list[str]] = {}
    for code in (*always, *codes):
        by_status.setdefault(PROBLEMS[code].status, []).append(code)
    return {
        status: {"model": body, "description": "Codes: " + ", ".join(f"`{code}`" for code in names)}
        for status, names in by_status.items()
    }


def install(app: FastAPI) -> None:
    """Translate every exception of this app's routes."""

    async def on_problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, ProblemError)  # noqa: S101  registered for this class only
        return respond(error.code, scope=request.scope, field=error.field, retry_after_s=error.retry_after_s)

    async def on_expected(request: Request, error: Exception) -> Response:
        code = code_of(error)
        log("failed", path=request.scope.get("path_template"), code=code, error=type(error).__name__)
        wait = getattr(error, "retry_after_s", None)
        if wait is None and PROBLEMS[code].status == 503:
            wait = 2.0
        return respond(code, scope=request.scope, retry_after_s=wait, message=said_of(error))

    async def on_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101
        first: dict[str, Any] = next(iter(error.errors()), {})
        if first.get("type") == "json_invalid":
            return respond("bad_request", scope=request.scope)
        field = ".".join(str(piece) for piece in first.get("loc", ()))[:200] or None
        return respond("invalid_request", scope=request.scope, field=field)

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101
        code = _FROM_STATUS.get(error.status_code, "bad_request")
        response = respond(code, scope=request.scope)
        response.headers.update(error.headers or {})
        return response

    async def on_anything(request: Request, error: Exception) -> Response:
        log("failed", code="internal", error=type(error).__name__)
        return respond("internal", scope=request.scope)

    app.add_exception_handler(ProblemError, on_problem)
    app.add_exception_handler(StudyBuddyError, on_expected)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(Exception, on_anything)
