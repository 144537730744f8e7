"""The MCP server, judged by the official SDK's client: tools and resources, for the person of the token alone."""

import asyncio
import base64
import json
import time
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx
import httpx2
import pytest
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client

from tests.fakes import HANG, Status, calls, text

TOOLS = ["list_courses", "search_course_materials", "read_page", "read_minutes", "ask"]

NOBODYS = "5f0c8b0e-7c1d-4d55-9d0b-2f1a3c4e5d6f"
"""An id that is nobody's, the same in every process: it is part of the names of tests."""


@asynccontextmanager
async def connected(url, token, mode="auto"):
    async with (
        httpx2.AsyncClient(headers={"authorization": f"Bearer {token}"}, timeout=60) as http,
        Client(streamable_http_client(f"{url}/mcp", http_client=http), mode=mode) as client,
    ):
        yield client


def use(service, *steps, token=None, mode="auto"):
    """What these steps get of a client, each an async function of it."""

    async def run():
        async with connected(service.url, token or service.token, mode) as client:
            return [await step(client) for step in steps]

    return asyncio.run(run())


def call(name, **arguments):
    return lambda client: client.call_tool(name, arguments)


def words(result):
    return "\n".join(each.text for each in result.content if each.type == "text")


def place(service, material, page):
    return f"{service.url}/courses/{material.course_id}/decks/{material.document_id}?page={page}"


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_its_tools_are_described_and_give_what_they_say(service, material, model, mode):
    model.script(calls("entropy of a coin"), text("One bit ", "[1]."))
    course, deck, lecture = str(material.course_id), str(material.document_id), str(material.lecture_id)
    tools, courses, found, page, minutes, answer = use(
        service,
        lambda client: client.list_tools(),
        call("list_courses"),
        call("search_course_materials", course="Learning machines", query="the entropy of a fair coin", limit=3),
        call("read_page", document_id=deck, page=4, picture=True),
        call("read_minutes", lecture_id=lecture, start_s=0, minutes=1),
        call("ask", course=course, question="What is the entropy of a fair coin?"),
        mode=mode,
    )
    assert [tool.name for tool in tools.tools] == TOOLS
    assert all(tool.annotations.read_only_hint and tool.output_schema for tool in tools.tools)
    for tool in tools.tools:
        assert not {"person", "user", "user_id", "person_id", "token"} & set(tool.input_schema["properties"]), tool.name
    assert course in [each["id"] for each in courses.structured_content["courses"]]
    first, url = found.structured_content["passages"][0], place(service, material, 4)
    assert (first["where"], first["page"], first["url"], first["document_id"]) == (
        "week1.pdf, page 4: Entropy", 4, url, deck,
    )  # fmt: skip
    assert "<passage" in words(found) and url in words(found)
    assert page.structured_content["text"].startswith("The entropy of a fair coin is one bit") and url in words(page)
    (picture,) = [each for each in page.content if each.type == "image"]
    assert (picture.mime_type, base64.b64decode(picture.data)) == ("image/webp", material.image)
    assert minutes.structured_content["lecture"] == "Lecture 1"
    assert answer.structured_content["answer"].startswith("One bit [1].\n\nSources:\n\n- [1] [week1.pdf, page 4")
    assert answer.structured_content["sources"] == [{"where": "week1.pdf, page 4: Entropy", "url": url}]
    assert not any(each.is_error for each in (courses, found, page, minutes, answer))


def test_pages_and_minutes_are_resources(service, material):
    page = f"studybuddy://documents/{material.document_id}/pages/4"

    async def every_page(client):
        found, cursor = [], None
        while True:
            got = await client.list_resources(cursor=cursor)
            found += got.resources
            if (cursor := got.next_cursor) is None:
                return found

    listed, templates, read, minute = use(
        service,
        every_page,
        lambda client: client.list_resource_templates(),
        lambda client: client.read_resource(page),
        lambda client: client.read_resource(f"studybuddy://lectures/{material.lecture_id}/minutes/0"),
    )
    (entropy,) = [each for each in listed if each.uri == page]
    assert (entropy.name, entropy.title, entropy.description) == ("week1.pdf, page 4", "Entropy", "Learning machines")
    assert {each.name for each in templates.resource_templates} == {"page", "minute"}
    assert "one bit" in read.contents[0].text and place(service, material, 4) in read.contents[0].text
    assert minute.contents[0].text.startswith("Lecture 1")


@pytest.mark.parametrize(
    "uri",
    [
        "studybuddy://documents/{new}/pages/1", "studybuddy://documents/{deck}/pages/7",
        "studybuddy://documents/{deck}/pages/0", "studybuddy://documents/../pages/1", "file:///etc/passwd",
        "studybuddy://lectures/{deck}/minutes/1", "studybuddy://documents/------------------------------------/pages/1",
        "https://evil.example/", "x" * 5000,
    ],
)  # fmt: skip
def test_what_is_not_there_is_no_resource(service, material, uri):
    with pytest.raises((MCPError, ExceptionGroup)) as refused:
        use(service, lambda client: client.read_resource(uri.format(new=uuid4(), deck=material.document_id)))
    error = refused.value
    while isinstance(error, ExceptionGroup):
        (error,) = error.exceptions
    assert error.error.message == "There is no such thing here." and error.error.data == {"code": "not_found"}


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("read_page", {"document_id": NOBODYS, "page": 1}, "There is no such thing here. (not_found)"),
        ("read_page", {"document_id": "../../etc", "page": 1}, "`document_id` cannot be used"),
        ("read_page", {"document_id": NOBODYS, "page": 0}, "`page` cannot be used"),
        ("read_minutes", {"lecture_id": NOBODYS, "start_s": 0}, "(not_found)"),
        ("read_minutes", {"lecture_id": NOBODYS, "start_s": float("1e300")}, "`start_s` cannot be used"),
        ("search_course_materials", {"course": "no such", "query": "x"}, "(not_found)"),
        ("search_course_materials", {"course": NOBODYS, "query": "x"}, "(not_found)"),
        ("search_course_materials", {"course": "x"}, "`query` cannot be used"),
        ("ask", {"course": NOBODYS, "question": "x"}, "(not_found)"),
        ("ask", {"course": "x", "question": "y" * 20_001}, "`question` cannot be used"),
        ("ask", {"course": "x", "question": "y", "person": NOBODYS}, "`person` cannot be used"),
        ("list_courses", {"user_id": NOBODYS}, "`user_id` cannot be used"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_done_is_told_to_the_model_in_a_sentence(service, material, name, arguments, said):
    (result,) = use(service, call(name, **arguments))
    assert result.is_error and said in words(result), words(result)


def test_a_model_that_fails_and_a_tool_that_is_not_there_are_said(service, material, model):
    model.script([Status(402)])
    (failed,) = use(service, call("ask", course=str(material.course_id), question="What is momentum?"))
    assert failed.is_error and "(no_credit)" in words(failed)
    with pytest.raises((MCPError, ExceptionGroup)):
        use(service, call("delete_course"))


def test_progress_is_told_to_who_wants_it(service, material, model):
    model.script(calls("entropy"), text("One bit [1]."))
    told = []

    async def progress(chars, _total, message):
        told.append((chars, message))

    async def ask(client):
        arguments = {"course": str(material.course_id), "question": "What is entropy?"}
        return await client.call_tool("ask", arguments, progress_callback=progress)

    use(service, ask)
    assert "Searching" in {message for _, message in told}


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_who_leaves_ends_the_answer_and_its_cost(service, material, model, mode):
    model.script([*text("Half an answer ", reason=None), HANG])

    async def leave(client):
        arguments = {"course": str(material.course_id), "question": "What is entropy?"}
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.call_tool("ask", arguments), 1)

    use(service, leave, mode=mode)
    deadline = time.monotonic() + 20
    while len(model.closed) < 1 or len(service.runs):
        assert time.monotonic() < deadline
        time.sleep(0.02)


HEADERS = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}


def test_nobody_gets_even_a_list_without_a_token_nor_from_another_site(service):
    with httpx.Client(base_url=service.url) as stranger:
        for method in ("initialize", "tools/list", "resources/list", "server/discover"):
            answer = stranger.post("/mcp", json={**LIST, "method": method}, headers=HEADERS)
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_authenticated")
            assert answer.headers["www-authenticate"].startswith("Bearer")
        assert stranger.get("/mcp", headers=HEADERS).status_code == 401
        wrong = stranger.post("/mcp", json=LIST, headers={**HEADERS, "authorization": "Bearer sbp_x"})
        assert wrong.status_code == 401
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
        answer = service.http.post("/mcp", json=LIST, headers={**HEADERS, **headers})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "foreign_origin")
    assert service.http.post("/mcp", json=LIST, headers={**HEADERS, "host": "evil.example"}).status_code == 421
    assert service.http.post("/mcp", json=LIST, headers=HEADERS).status_code == 200
    assert service.http.post("/mcp", json=LIST, headers={**HEADERS, "origin": service.url}).status_code == 200
    for verb in ("GET", "DELETE"):  # no stream beside requests, and no session to end
        assert service.http.request(verb, "/mcp", headers=HEADERS).status_code == 405


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\xff", b"{", b"[]", b"[" * 100_000, b"null", b'"x"', b'{"jsonrpc":"2.0"}',
        b'{"jsonrpc":"1.0","id":1,"method":"ping"}', b'{"jsonrpc":"2.0","id":1,"method":"tools/call"}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[]}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":7}}',
        b'{"jsonrpc":"2.0","id":1,"method":"no/such"}', b'{"jsonrpc":"2.0","id":{},"method":"ping"}',
        b'{"jsonrpc":"2.0","id":1,"method":"resources/list","params":{"cursor":"1 or 1=1"}}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_courses\\u0000","arguments":{"\\ud83d":"\\u0000"}}}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ask","arguments":{"course":"\\ud83d","question":"\\u0000"}}}',
    ],
    ids=lambda body: body[:60].decode("latin-1"),
)  # fmt: skip
@pytest.mark.parametrize("version", ["2025-06-18", "2026-07-28", "1999-01-01", ""], ids=str)
def test_a_broken_message_is_an_error_of_its_own_and_never_the_service_s(service, body, version):
    headers = {**HEADERS, **({"mcp-protocol-version": version} if version else {})}
    answer = service.http.post("/mcp", content=body, headers=headers)
    assert answer.status_code < 500, answer.text
    if answer.status_code == 200:
        said = answer.text.partition("data: ")[2] or answer.text
        found = json.loads(said.splitlines()[0])
        assert "error" in found or found["result"].get("isError"), found


def test_a_body_without_end_and_other_types_are_refused(service):
    answer = service.http.post("/mcp", content=b"x" * 8_000_001, headers=HEADERS)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "body_too_large")
    long = {**LIST, "method": "ping", "params": {"_meta": {"x": "y" * 6_000_000}}}
    assert service.http.post("/mcp", json=long, headers=HEADERS).status_code == 200, "one limit for all bodies"
    answer = service.http.post("/mcp", content=b"{}", headers={**HEADERS, "content-type": "text/plain"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "not_json")
    assert service.http.post("/mcp", json=LIST, headers={"accept": "text/html"}).status_code == 406


def test_a_token_reads_or_asks_as_it_is_for_and_no_more(service, material, model):
    def token(*scopes):
        made = service.http.post("/api/tokens", json={"name": "assistant", "scopes": scopes})
        return made.json()["token"]

    asking = call("ask", course=str(material.course_id), question="What is entropy?")
    model.script(calls("entropy"), text("One bit [1]."))
    (refused,) = use(service, asking, token=token("read"))
    assert refused.is_error and "(scope_missing)" in words(refused)
    (answered,) = use(service, asking, token=token("read", "chat"))
    assert not answered.is_error
    for scopes in (["chat"], ["upload"]):
        headers = {**HEADERS, "authorization": f"Bearer {token(*scopes)}"}
        answer = httpx.post(f"{service.url}/mcp", json=LIST, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "scope_missing")
