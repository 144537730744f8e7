"""OpenAI's interface: a course is a model, and a chat completion is an answer about it with its sources."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import ValidationError

from pipelines.core.errors import StudyBuddyError
from serving.accounts.access import get_my_course, list_my_courses
from serving.accounts.asking import Asker, Reader
from serving.accounts.doors import page_origin
from serving.chat.parts import HEADERS, clean, clean_json
from serving.guard import router as guarded
from serving.problems import OPENAI, OpenAIErrorBody, ProblemError, code_of, documented, respond
from serving.programs.asking import ask, find_course_id
from serving.programs.completions import Completion, read_question
from serving.routes.chat import read_json
from serving.schemas.base import whole_schema
from serving.schemas.completions import CompletionIn, CompletionOut, CourseModel, CourseModels
from serving.state import state_of

router = guarded(OPENAI.rstrip("/"), tag="for programs")

STREAM = "text/event-stream"
GONE = 499
"""Status of an answer whose client has left: it is for the log alone."""


def _documented(*codes: str) -> dict[int | str, dict[str, Any]]:
    return documented(*codes, body=OpenAIErrorBody)


@router.get("/models", operation_id="listCourseModels", responses=_documented())
async def models(request: Request, person: Reader) -> CourseModels:
    """Courses of this person, each a model that can be asked."""
    async with state_of(request).database.transaction(as_person=person.person) as connection:
        found = await list_my_courses(connection, person)
    return CourseModels(data=[CourseModel(id=str(course.id), name=course.name) for course in found])


@router.get(
    "/models/{model}", operation_id="getCourseModel", responses=_documented("model_not_found", "several_courses")
)
async def model(request: Request, person: Reader, model: str) -> CourseModel:
    """One course as a model, by its id or by its name."""
    state = state_of(request)
    with _called_model():
        course_id = await find_course_id(state, person, model)
        async with state.database.transaction(as_person=person.person) as connection:
            course = await get_my_course(connection, person, course_id)
    return CourseModel(id=str(course.id), name=course.name)


@router.post(
    "/chat/completions",
    operation_id="createChatCompletion",
    response_model=CompletionOut,
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": whole_schema(CompletionIn)}}}
    },
    responses=_documented(
        "bad_request", "invalid_request", "question_missing", "question_too_long", "attachments_unsupported",
        "unsupported", "model_not_found", "several_courses", "too_many_answers", "shutting_down", "body_too_large",
        "provider_unavailable", "no_credit", "rate_limited", "timeout", "context_too_long",
    ) | {200: {"content": {STREAM: {"schema": {"type": "string"}}}}},
)  # fmt: skip
async def complete(request: Request, person: Asker) -> Response:
    """Ask a course (`model`) and get a cited answer, whole or, with `stream`, in chunks.

    Of `messages` the words of `user` and `assistant` are read; what the answer is made of is decided here, so system
    prompts and settings of sampling are not. No chat keeps it: who leaves ends it. `content` ends with a list of its
    sources; `annotations` are the same. Where nobody pays for a model, passages are quoted and `notice` says why.
    """
    state, asked = state_of(request), _read(await read_json(request))
    question, said = read_question(asked)
    with _called_model():
        course_id = await find_course_id(state, person, asked.model)
        question_asked, turn, events = await ask(state, person, course_id, question, said=said)
    completion = Completion(question_asked, turn, model=asked.model, page=page_origin(state.doors, request.scope))
    if asked.stream:
        usage = asked.stream_options is not None and bool(asked.stream_options.include_usage)
        chunks = completion.stream(events, include_usage=usage)
        return StreamingResponse(chunks, media_type=STREAM, headers=_STREAMED)
    writing = asyncio.ensure_future(completion.whole(events))
    leaving = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not writing.done():
            return Response(status_code=GONE)
        return JSONResponse((await writing).model_dump())
    except (ProblemError, StudyBuddyError) as error:
        refusal = respond(code_of(error), scope=request.scope, retry_after_s=getattr(error, "retry_after_s", None))
        if turn.chars:
            refusal.headers["x-should-retry"] = "false"  # clients would ask twice more by themselves, and pay each time
        return refusal
    finally:
        writing.cancel()
        leaving.cancel()


_STREAMED = {name: value for name, value in HEADERS.items() if not name.startswith("x-vercel")}


async def _left(request: Request) -> None:
    """Return when the client has hung up; its body was read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _read(body: Any) -> CompletionIn:
    """The request in a parsed JSON body.

    Raises:
        ProblemError: `invalid_request`, `bad_request`: it is nested without end.
    """
    try:
        return CompletionIn.model_validate(clean_json(body))
    except ValidationError as error:
        field = ".".join(str(piece) for piece in error.errors()[0]["loc"])
        raise ProblemError("invalid_request", field=clean(field)[:100] or None) from None
    except RecursionError:
        raise ProblemError("bad_request") from None


@contextmanager
def _called_model() -> Iterator[None]:
    """Around looking up a course that a client calls a model: the refusals are said of a model.

    Raises:
        ProblemError: `model_not_found`, `several_courses`, and what else is wrong.
    """
    try:
        yield
    except ProblemError as problem:
        renamed = {"not_found": "model_not_found", "several_courses": "several_courses"}.get(problem.code)
        if renamed is None:
            raise
        raise ProblemError(renamed, field="model") from None
