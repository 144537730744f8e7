"""People who came over from a former deployment: known at their first sign-in, once; readers until they move."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import psycopg
import pytest

from pipelines.adoption.moving import cut_over, go_back
from pipelines.core.postgres import Database
from tests.serving.accounts.conftest import LIMITS, SignedInService, free_port, issuer_settings
from tests.serving.conftest import running

FORMER = "https://former.example"


@pytest.fixture(scope="module")
def adopting(serving_settings, issuer):
    """A service whose issuer may say who is who of a former deployment."""
    port = free_port()
    more = {"adoption_issuers": f"https://other.example, {issuer.url}/", "former_url": FORMER}
    with running(issuer_settings(serving_settings, issuer, port, **more), LIMITS, port=port) as service:
        yield SignedInService(service, issuer)


@pytest.fixture
def program(adopting):
    """Makes a program of that service with a token of these claims; closes it after."""
    with ExitStack() as opened:
        yield lambda **claims: opened.enter_context(adopting.program(**claims))


@pytest.fixture
def adopt(serving_settings):
    """Makes a person who came over, with a chat: by what the former system called them."""

    def adopt(name):
        key = UUID(name) if len(name) == 36 else uuid5(NAMESPACE_URL, name)
        with psycopg.connect(serving_settings.database_url.get_secret_value()) as connection:
            connection.execute("insert into users (id) values (%s)", [key])
            connection.execute("insert into adopted_people (user_id) values (%s)", [key])
            connection.execute("insert into chat_sessions (user_id, client_id, title) values (%s, 'c', 'Kept')", [key])
        return key

    return adopt


def me(client):
    found = client.get("/api/me")
    assert found.status_code == 200, found.text
    return found.json()


def test_the_first_sign_in_claims_who_came_over_and_no_other_does(program, adopt):
    name = f"user_{uuid4().hex}"
    key = adopt(name)
    first = program(sub=name, name="Ada")
    told = me(first)
    assert (told["id"], told["name"], told["belongs"], told["formerUrl"]) == (str(key), "Ada", "former", FORMER)
    assert [chat["title"] for chat in first.get("/api/sessions").json()["items"]] == ["Kept"]
    thief = program(sub="thief", external_id=str(key))
    assert me(thief)["id"] != str(key) and me(thief)["belongs"] == "here"
    assert "person.claimed" in [event["action"] for event in first.get("/api/audit").json()["items"]]


def test_what_another_system_calls_them_comes_before_the_subject(program, adopt):
    outer, subject = adopt(str(uuid4())), f"user_{uuid4().hex}"
    inner = adopt(subject)
    assert me(program(sub=subject, external_id=str(outer)))["id"] == str(outer) != str(inner)


def test_two_claims_at_once_are_one(program, adopt):
    key = adopt(str(uuid4()))
    clients = [program(sub=f"racer{n}", external_id=str(key)) for n in range(6)]
    with ThreadPoolExecutor(6) as threads:
        ids = [told["id"] for told in threads.map(me, clients)]
    assert ids.count(str(key)) == 1 and len(set(ids)) == 6


def test_an_issuer_that_is_not_listed_claims_nobody(signed, adopt):
    name = f"user_{uuid4().hex}"
    key = adopt(name)
    with signed.program(sub=name) as client:
        assert me(client)["id"] != str(key)


def test_who_has_not_moved_reads_here_and_is_sent_to_the_former_system_to_write(program, adopt, serving_settings):
    name = f"user_{uuid4().hex}"
    key, course = adopt(name), uuid4()
    client = program(sub=name)
    writing = [
        lambda: client.post("/api/sessions", json={"courseId": str(course)}),
        lambda: client.post("/api/courses", json={"name": "Mine"}),
        lambda: client.delete("/api/sessions/c"),
        lambda: client.post("/api/documents", content=b"x"),
        lambda: client.post("/v1/chat/completions", json={"model": str(course), "messages": []}),
    ]
    for write in writing:
        answer = write()
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_moved")
        assert FORMER in answer.json()["error"]["message"]
    assert client.get("/api/sessions/c/messages").status_code == 200
    assert "(not_moved)" in over_mcp(client, "ask", course=str(course), question="What is momentum?")
    assert "(not_found)" in over_mcp(client, "search_course_materials", course=str(course), query="momentum")
    assert client.patch("/api/me", json={"theme": "dark"}).status_code == 200, "the account is theirs"
    with Database(serving_settings.database_url.get_secret_value()) as database:
        with database.transaction() as connection:
            assert cut_over(connection, person=key) == [key]
        wait_for(client, "here")
        assert client.post("/api/courses", json={"name": "Mine"}).status_code == 201
        assert client.delete("/api/sessions/c").status_code == 204
        with database.transaction() as connection:
            assert go_back(connection, person=key) == [key]
        wait_for(client, "former")
        assert client.post("/api/courses", json={"name": "Mine"}).status_code == 409


def over_mcp(client, tool, **arguments):
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
    answer = client.post("/mcp", json=body, headers={"accept": "application/json, text/event-stream"})
    assert answer.status_code == 200, answer.text
    return answer.text


def wait_for(client, belongs):
    """Every process hears of a move: what is told comes from the table at once, what they may do a moment later."""
    for _ in range(200):
        tried = client.patch("/api/courses/00000000-0000-4000-8000-000000000000", json={"name": "x"}).status_code
        if (tried == 409) == (belongs == "former"):
            break
    assert me(client)["belongs"] == belongs
