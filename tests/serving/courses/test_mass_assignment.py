"""No body sets what the server decides: on every route that takes one."""

import json
import re
from uuid import uuid4

import pytest

from serving.openapi import DOCUMENT
from tests.serving.courses.access_policy import OPEN
from tests.serving.courses.access_requests import BODIES, OPERATIONS, Thing, ask
from tests.serving.courses.access_world import snapshot

SERVER_S = (
    "id", "userId", "ownerId", "courseId", "role", "createdAt", "published", "operator", "generation", "isPublic",
)  # fmt: skip
"""Fields that no body may set, but where it is made to."""

OF_CLIENTS = {"POST /api/chat", "POST /v1/chat/completions", "POST /mcp"}
"""Bodies to which clients add fields of their own: that none is believed is shown by test_requests.py,
test_completions.py and test_mcp.py."""

JSON_BODIES = [
    name
    for name, said in sorted(OPERATIONS.items())
    if "application/json" in said.get("requestBody", {}).get("content", {}) and name not in OPEN | OF_CLIENTS
]


@pytest.fixture(scope="module")
def owner(signed):
    """Somebody with an account."""
    with signed.program(subject=f"owner-{uuid4().hex}") as client:
        client.get("/api/me")
        yield client


@pytest.mark.parametrize("operation", JSON_BODIES)
def test_no_body_sets_what_the_server_decides(owner, rows, operation):
    body = OPERATIONS[operation]["requestBody"]["content"]["application/json"]["schema"]
    (schema,) = (each["$ref"].rpartition("/")[2] for each in body.get("anyOf", [body]) if "$ref" in each)
    takes = json.loads(DOCUMENT.read_text(encoding="utf-8"))["components"]["schemas"][schema]["properties"]
    names = re.findall(r"{(\w+)}", operation)
    given = {"provider": "openrouter", "page": 1, "number": 1}
    nowhere = {name: given.get(name) or str(uuid4()) for name in names}
    before = snapshot(rows)
    for name in (each for each in SERVER_S if each not in takes):
        thing = Thing(path=nowhere, body={**BODIES.get(operation, {}), name: "owner"})
        status, text = ask(owner, operation, thing)
        assert (status, json.loads(text)["error"]["field"]) == (422, f"body.{name}"), f"{name}: {text}"
    assert snapshot(rows) == before
