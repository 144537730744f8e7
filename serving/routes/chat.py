"""Asking, coming back to an answer, stopping it: the three addresses the AI SDK's chat uses."""

import asyncio
import json
from typing import Annotated, Any

from fastapi import Path, Request
from fastapi.responses import Response, StreamingResponse
from starlette.requests import ClientDisconnect

from serving.accounts.asking import Asker
from serving.chat import parts as p
from serving.chat.answers import answer_to, model_of, turn_of
from serving.chat.feed import Feed
from serving.chat.follow import STOP
from serving.chat.live import Then
from serving.chat.sessions import check_id
from serving.chat.titles import give_title, wants_title
from serving.chat.turns import Begun, begin_turn, read_request
from serving.database import CHANNEL, row, run
from serving.guard import router as guarded
from serving.problems import ProblemError, documented
from serving.schemas.chats import ChatBody, StopOut
from serving.state import State, state_of

router = guarded("/api/chat", tag="chat")

STOP_WAIT_S = 3.0
"""How long `stop` waits for the answer to be closed, so that the next question is not refused."""

ChatId = Annotated[str, Path(description="The chat's id, as the client made it.")]

_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events: a UI message stream of the AI SDK (v1), ended by `[DONE]`.",
        "content": {p.MEDIA_TYPE: {"schema": {"type": "string"}}},
    }
}


@router.post(
    "",
    operation_id="chat",
    response_class=StreamingResponse,
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": ChatBody.model_json_schema()}}}
    },
    responses=documented(
        "bad_request", "bad_id", "question_missing", "invalid_request", "attachments_unsupported", "course_required",
        "not_found", "answer_in_progress", "course_mismatch", "body_too_large", "question_too_long",
        "too_many_answers", "shutting_down",
    ) | _STREAM,
)  # fmt: skip
async def chat(request: Request, person: Asker) -> Response:
    """Ask. Everything that can be refused is refused before the first byte; then the answer streams.

    Of the posted messages only the last question is read; the history is the server's own. `courseId` is needed for a
    new chat; `sourceIds` narrows the question to some of its decks and lectures. The answer goes on when the connection
    breaks: see `GET /api/chat/{id}/stream`. Who has no key, where the operator pays for nobody, gets the passages that
    fit best, a `data-connect` part with the address where OpenRouter is connected, and the error `connect_openrouter`.
    """
    state = state_of(request)
    asked = read_request(await read_json(request))
    state.runs.admit(person.user_id)
    begun = await begin_turn(state.database, person, asked, owner=state.runs.owner, limits=state.limits)
    turn, then = turn_of(state, begun), _then(state, begun)
    live = state.runs.start(begun, person.user_id, turn, lambda turn: answer_to(state, begun, turn), then=then)
    return _stream(state, live.feed)


@router.get(
    "/{chat_id}/stream",
    operation_id="resumeChat",
    response_class=StreamingResponse,
    responses=documented("bad_id") | _STREAM | {204: {"description": "No answer is being written."}},
)
async def resume(request: Request, person: Asker, chat_id: ChatId) -> Response:
    """Come back to the answer being written, from its first part, whichever process writes it."""
    state = state_of(request)
    async with state.database.transaction(as_person=person.person) as connection:
        found = await row(connection, "running_run", user_id=person.user_id, client_id=check_id(chat_id))
    if found is None:
        return Response(status_code=204)
    live = state.runs.get(found["id"])
    if live is None and found["owner"] == state.runs.owner:
        return Response(status_code=204)  # it ended between the two looks
    return _stream(state, live.feed if live else state.follower.follow(found["id"]))


@router.post("/{chat_id}/stop", operation_id="stopChat", responses=documented("bad_id"))
async def stop(request: Request, person: Asker, chat_id: ChatId) -> StopOut:
    """Stop the answer being written, whichever process writes it. What was said so far is kept."""
    state = state_of(request)
    ids = {"user_id": person.user_id, "client_id": check_id(chat_id)}
    async with state.database.transaction(as_person=person.person) as connection:
        found = await row(connection, "request_stop", **ids)
        if found is not None:
            await run(connection, "wake", channel=CHANNEL, payload=f"{STOP}{found['id']}")
    if found is None:
        return StopOut(stopped=False)
    state.runs.stop(found["id"])
    await state.runs.wait(found["id"], STOP_WAIT_S)
    for _ in range(round(STOP_WAIT_S / 0.05)):
        async with state.database.transaction(as_person=person.person) as connection:
            if await row(connection, "running_run", **ids) is None:
                break
        await asyncio.sleep(0.05)
    return StopOut(stopped=True)


async def read_json(request: Request) -> Any:
    """The JSON of a request. Python's parser, because clients escape half an emoji and other parsers refuse it."""
    try:
        return json.loads(await request.body())
    except (ValueError, RecursionError):
        raise ProblemError("bad_request") from None
    except ClientDisconnect:
        raise ProblemError("bad_request") from None


def _then(state: State, begun: Begun) -> Then | None:
    """What follows the answer: a title, where it is time for one and there is a model to ask for one."""
    if not wants_title(begun):
        return None

    async def then(answer: str) -> None:
        model, _ = model_of(state, begun, "title")
        if model is not None:
            await give_title(state.database, begun.person, model, begun, answer)

    return then


def _stream(state: State, feed: Feed) -> StreamingResponse:
    return StreamingResponse(feed.read(state.limits.ping_s), media_type=p.MEDIA_TYPE, headers=p.HEADERS)
