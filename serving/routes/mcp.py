"""MCP, over streamable HTTP: assistants of people search, read and ask as those people."""

from typing import Any

from fastapi import Request
from fastapi.responses import Response

from pipelines.http.rules import is_json
from serving.accounts.asking import Nobody, Reader
from serving.accounts.doors import MCP, METADATA, page_origin
from serving.guard import router as guarded
from serving.problems import OPEN, ProblemError, documented
from serving.programs.door import HandedOver
from serving.schemas.programs import ResourceOut
from serving.state import state_of

router = guarded(MCP, tag="for programs")
about = guarded(METADATA, tag="for programs")

_MESSAGE: dict[str, Any] = {
    "type": "object",
    "description": "A message of JSON-RPC 2.0, as the Model Context Protocol has it.",
    "properties": {"jsonrpc": {"const": "2.0"}, "id": {}, "method": {"type": "string"}, "params": {"type": "object"}},
    "required": ["jsonrpc", "method"],
}


@router.post(
    "",
    operation_id="mcp",
    response_class=Response,
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": _MESSAGE}}}},
    responses=documented("body_too_large") | {
        200: {"description": "The answer, alone or in a stream.",
              "content": {"application/json": {}, "text/event-stream": {"schema": {"type": "string"}}}},
        202: {"description": "A notification was taken."},
        400: {"description": "It is no message of the protocol: a JSON-RPC error."},
        404: {"description": "There is no such method: a JSON-RPC error."},
        406: {"description": "`Accept` must name `application/json` and `text/event-stream`."},
    },
)  # fmt: skip
async def mcp(request: Request, _: Reader) -> Response:
    """The Model Context Protocol's endpoint: one message a request, no sessions.

    Tools: `list_courses`, `search_course_materials`, `read_page`, `read_minutes`, `ask` (its token must be for `chat`,
    too). Resources: pages of decks and minutes of lectures. The person is who the token speaks for, never an argument.
    """
    if not is_json(request.scope):  # the guard lets requests without a body pass
        raise ProblemError("not_json")
    return HandedOver(await state_of(request).mcp.opened(), await request.body())


@about.get("", operation_id="aboutMcp", responses=documented("not_ready", "no_sign_in", always=OPEN))
async def about_mcp(request: Request, _: Nobody) -> ResourceOut:
    """Who signs people in to `/mcp` (RFC 9728): assistants begin there, and come back with a token for `resource`."""
    doors = state_of(request).doors
    if doors.issuer is None:
        raise ProblemError("no_sign_in")
    origin = page_origin(doors, request.scope)
    return ResourceOut(resource=f"{origin}{MCP}", authorization_servers=[doors.issuer])
