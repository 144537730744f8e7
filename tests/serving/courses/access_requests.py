"""Requests of the access matrix: every operation of the OpenAPI document, asked about a thing or about none."""

import json
import re
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx

from serving.openapi import DOCUMENT
from tests.serving.materials.conftest import pdf, wav

PATHS = json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"]
OPERATIONS = {f"{verb.upper()} {path}": said for path, verbs in PATHS.items() for verb, said in verbs.items()}
BODIES: dict[str, Any] = {
    "PATCH /api/documents/{upload_id}": {"fileName": "renamed"},
    "PATCH /api/lectures/{upload_id}": {"fileName": "renamed"},
    "POST /api/documents/{upload_id}/unlock": {"password": "x"},
    "POST /api/courses": {"name": "new"},
    "PATCH /api/courses/{course_id}": {"instructor": "new"},
    "PATCH /api/courses/{course_id}/members/{user_id}": {"role": "teacher"},
    "POST /api/courses/{course_id}/invitations": {"role": "student"},
    "PATCH /api/sessions/{chat_id}": {"title": "new"},
    "PUT /api/sessions/{chat_id}/messages/{message_id}/feedback": {"rating": "down"},
    "PUT /api/lectures/{upload_id}/place": {"positionMs": 1},
    "PUT /api/documents/{upload_id}/title": {"title": "new"},
    "PUT /api/lectures/{upload_id}/title": {"title": "new"},
    "PUT /api/documents/{upload_id}/pages/{page}/text": {"text": "new"},
    "PUT /api/lectures/{upload_id}/segments/{number}": {"text": "new"},
    "POST /api/sources/{source_id}/reports": {"reason": "new"},
    "PATCH /api/me": {"theme": "dark"},
    "POST /api/tokens": {"name": "new", "scopes": ["read"]},
    "PUT /api/keys/{provider}": {"key": "sk-or-v1-of-nobody"},
    "PUT /api/models/mine": {"model": None},
    "PUT /api/courses/{course_id}/model": {"model": None},
    "POST /api/auth/sign-out": {},
    "PUT /api/usage/cap": {"dailyUsd": 5.0},
    "PUT /api/courses/{course_id}/cap": {"dailyUsd": 5.0},
    "PATCH /api/operator/people/{user_id}": {"suspended": True},
    "POST /api/sessions": {"courseId": str(UUID(int=0))},
}


@dataclass
class Thing:
    """What a request is about: values of the path, the query, the body, the form, or the metadata of pieces."""

    path: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    form: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)

    def nowhere(self, *names: str) -> "Thing":
        """The same with ids that nothing has."""
        parts = {
            part: {
                name: str(uuid4()) if name in names else value for name, value in getattr(self, part).items()
            } for part in ("path", "query", "body", "form", "metadata")
        }  # fmt: skip
        return Thing(**parts)


def pieces(metadata: dict[str, str]) -> dict[str, str]:
    """Headers of an upload in pieces of nine bytes (tus), for every verb of it."""
    said = ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in metadata.items())
    return {"tus-resumable": "1.0.0", "upload-length": "9", "upload-offset": "0", "upload-metadata": said}


def ask(client: httpx.Client, operation: str, thing: Thing) -> tuple[int, str]:
    """(status, body) of one request; of a stream that does not end its first bytes are not waited for."""
    verb, path = operation.split(" ")
    for name, value in thing.path.items():
        path = path.replace(f"{{{name}}}", str(value))
    more: dict[str, Any] = {"params": thing.query}
    if thing.form:
        content = wav() if "lectures" in path else pdf()
        more |= {"data": thing.form, "files": {"file": (f"{uuid4().hex}.bin", content)}}
    elif verb in ("POST", "PUT", "PATCH") and (thing.body or operation in BODIES):
        more["json"] = thing.body or BODIES[operation]
    if path == "/mcp":
        more["headers"] = {"accept": "application/json, text/event-stream"}
    if path.startswith("/api/uploads"):
        more["headers"] = pieces(thing.metadata)
    if operation == "PATCH /api/uploads/{upload_id}":
        more |= {"content": b"x", "headers": {**more["headers"], "content-type": "application/offset+octet-stream"}}
    with client.stream(verb, path, **more) as response:
        endless = path.endswith("/events") and response.status_code == 200
        return response.status_code, "" if endless else response.read().decode("utf-8", "replace")


INNER = (
    "upload_id", "document_id", "lecture_id", "message_id", "invitation_id", "source_id", "token_id", "report_id",
)  # fmt: skip
"""Ids in a path that say which thing it is, after those that say whose."""


USING_UP = re.compile(
    r"^DELETE |/(publish|unpublish|decline|offer|accept|review)$|^\w+ /api/courses/{course_id}/members/"
)
"""Operations after which a thing is not of its kind any more: each of whoever may gets one of their own."""


def absent(thing: Thing) -> Thing:
    """The same request about what there is not: the innermost id is nobody's."""
    if (
        "upload_id" in thing.path and "courseId" in thing.body
    ):  # moved: the upload is somebody's, the course is not there
        return thing.nowhere("courseId")
    if any(name in thing.path for name in INNER):
        return thing.nowhere(*INNER)
    if "decline" in thing.body:
        return Thing(path=thing.path, body={"decline": [str(uuid4())]})
    if "sourceIds" in thing.body:
        return Thing(body={**thing.body, "sourceIds": [str(uuid4())]})
    if "jsonrpc" in thing.body:
        params = thing.body.get("params", {"arguments": {}})
        elsewhere = {key: str(uuid4()) for key in ("course", "document_id") if key in params["arguments"]}
        return Thing(body={**thing.body, "params": {**params, "arguments": {**params["arguments"], **elsewhere}}})
    if "deckIds" in {**thing.form, **thing.metadata}:
        return thing.nowhere("deckIds")
    if thing.query.get("source"):
        return thing.nowhere("source")
    if thing.path.get("user_id") not in (None, "me"):
        return thing.nowhere("user_id")
    return thing.nowhere("course_id", "courseId", "course", "chat_id", "model")


def scope_of(operation: str) -> str | None:
    """What a token must be for; None: any will do."""
    return next((scopes[0] for each in OPERATIONS[operation]["security"] for scopes in each.values() if scopes), None)


def masked(text: str) -> str:
    """A text without the ids in it."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}", "ID", text)
