"""Requests by chance as an operator, a teacher, a student and somebody signed out, about real things and foreign ones.

None ends in a 5xx, every refusal says what it is, and what is not theirs is answered as what is not there.
"""

import itertools
from collections.abc import Iterator
from uuid import uuid4

import pytest
import requests

from tests.serving.courses.access_policy import OPEN, POLICY, ROLES
from tests.serving.courses.access_requests import USING_UP, Thing, absent, masked, pieces
from tests.serving.courses.access_service import world_of
from tests.serving.courses.access_world import World
from tests.serving.fuzzing import by_chance, check_answer, schema

ASKING = ("operator", "teacher", "student", "anonymous")
_numbers = itertools.count()


@pytest.fixture(scope="module")
def world(server, serving_settings, issuer, tmp_path_factory) -> Iterator[World]:
    """A world that an operator looks at, too."""
    with world_of(server, serving_settings, issuer, tmp_path_factory.mktemp("home"), "fuzzed") as world:
        world.people["operator"] = world.signed.program(subject="olga", exp=4_000_000_000)
        yield world


def ask(world: World, role: str, case, thing: Thing) -> tuple[int, str]:
    """(status, body) of a request with the ids of a thing in it; a stream without an end is not read."""
    client = world.people[role]
    if (case.method, case.operation.path) == ("DELETE", "/api/me") and role != "anonymous":
        client = world.signed.program(subject=uuid4().hex)  # who asks is nobody any more
    headers = {"authorization": client.headers["authorization"]} if "authorization" in client.headers else {}
    if thing.metadata:
        headers |= pieces(thing.metadata)
    about = case.derive(query={**case.query, **thing.query})
    about.path_parameters |= {key: value for key, value in thing.path.items() if key in about.path_parameters}
    if isinstance(about.body, dict):
        about.body = {**about.body, **thing.form, **{key: thing.body[key] for key in IDS if key in thing.body}}
    given = about.as_transport_kwargs(base_url=world.signed.url, headers=headers)
    with (
        requests.Session() as session,
        session.request(**given, stream=True, timeout=60, allow_redirects=False) as answer,
    ):
        endless = case.operation.path.endswith("/events") and answer.status_code == 200
        return answer.status_code, "" if endless else answer.text


IDS = ("courseId", "sourceIds")
"""Fields of bodies that hold ids of things."""


def ask_as_everybody(case, world: World) -> None:
    """Send one request as each of the four, and once more about nothing for whom it is about something foreign."""
    operation = f"{case.method} {case.operation.path}"
    kinds = list(POLICY.get(operation, {"nothing": ""}))
    kind = kinds[next(_numbers) % len(kinds)]
    for role in ASKING:
        thing = Thing()
        if operation in POLICY:
            changes = case.method == "PATCH" or USING_UP.search(operation) is not None
            thing = world.thing(operation, kind, fresh=changes)
        status, text = ask(world, role, case, thing)
        check_answer(case, status, text)
        if role == "anonymous":
            assert status >= 400 or operation in OPEN, "signed out, and served"
            continue
        letter = letter_of(operation, kind, role)
        assert letter != "4" or 400 <= status < 500, f"{kind}: {role} is served"
        if letter in ("4", "="):
            nothing = ask(world, role, case, absent(thing))
            assert (status, masked(text)) == (nothing[0], masked(nothing[1])), f"{kind}: {role} can tell it"
    world.forget_used()
    if "/operator/" in operation:
        world.rows("update users set suspended_at = null, operator = false where subject not like 'suspended%%'")
    if "/members" in operation or "/invitations" in operation:
        world.restore()
        # A course has no more than so many, and each of these requests is about one of its own.
        world.rows("delete from invitations where course_id = any(%s::uuid[])", [[world.course, world.other]])


def letter_of(operation: str, kind: str, role: str) -> str:
    """What the access policy says; an operator is a stranger to courses."""
    letters = POLICY.get(operation, {}).get(kind, "......")
    if role == "operator":
        return "." if "/operator/" in operation else letters[ROLES.index("stranger")]
    return letters[ROLES.index(role)]


@pytest.mark.slow
@schema.parametrize()
@by_chance(2, edges=False)
def test_a_request_by_chance_is_served_or_refused_with_a_sentence(case, world):
    ask_as_everybody(case, world)


@pytest.mark.attack
@pytest.mark.timeout(7200)
@schema.parametrize()
@by_chance(500)
def test_five_hundred_requests_of_a_route_are_served_or_refused_with_a_sentence(case, world):
    ask_as_everybody(case, world)
