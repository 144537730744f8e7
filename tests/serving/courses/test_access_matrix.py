"""The access matrix, made from the OpenAPI document: every route x every kind of thing x everybody who may ask.

Things are real rows of other people. What refuses has changed no row, and looks as if nothing were there. It is tried
with both locks, and with either switched off.
"""

import json
from collections.abc import Iterator

import pytest

from tests.serving.courses.access_locks import forget_to_ask, without_row_security
from tests.serving.courses.access_policy import POLICY, ROLES
from tests.serving.courses.access_requests import USING_UP, Thing, absent, ask, masked, scope_of
from tests.serving.courses.access_service import world_of
from tests.serving.courses.access_world import World, snapshot
from tests.serving.courses.work import Works

ALONE = [pytest.param(name, marks=pytest.mark.slow) for name in ("statements", "row security")]


@pytest.fixture(scope="module", params=["both", *ALONE])
def locks(request) -> str:
    """Which locks hold."""
    return request.param


@pytest.fixture(scope="module")
def world(locks, server, serving_settings, issuer, tmp_path_factory) -> Iterator[World]:
    """A world of its own for each choice of locks."""
    name = f"matrix_{locks.replace(' ', '_')}"
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch, world_of(server, serving_settings, issuer, home, name) as world:
        world.works = Works(patch)
        if locks == "statements":
            without_row_security(server.url(name))
        if locks == "row security":
            forget_to_ask(server.url(name), patch)
        yield world


TRIES = 3
"""Now and then the gate looks up anew who asks, within somebody's request."""


class Asked:
    """One operation asked by everybody about one kind of thing; `wrong`: what was not as the policy says."""

    def __init__(self, world: World, operation: str, kind: str, *, forgetting: bool) -> None:
        self._world, self._operation, self._kind, self._forgetting = world, operation, kind, forgetting
        self.expected = dict(zip(ROLES, POLICY[operation][kind], strict=True))
        self.thing = world.thing(operation, kind, fresh=False)
        self.wrong: list[str] = []

    def refusals(self) -> None:
        """Whoever may not."""
        self._refused("anonymous", 401)
        self._refused("suspended", 403, "suspended")
        if scope_of(self._operation) not in ("read", None):
            self._refused("weak", 403, "scope_missing")
        for name, letter in self.expected.items():
            if self._forgetting and letter in "34=":
                self._hidden(name, letter)
            elif letter == "3":
                self._refused(name, 403, "not_allowed")
            elif letter == "4" and self._refused(name, 404) != self._of_nothing(name):
                self._say(name, "can tell it from what there is not")
            elif letter == "=":
                self._hidden(name, letter)
            if letter in "4=" and not self._forgetting:
                self._same_work(name)

    def _hidden(self, name: str, letter: str) -> None:
        """Whatever they get, it says nothing of what is there. Who may only not change a thing sees it, though."""
        there = self._ask(name, self.thing)
        if any(secret in there[1] for secret in self._world.secrets):
            self._say(name, f"is told what is not theirs: {there[1][:200]}")
        if letter != "3":  # what they see and may not change ends in an error, which is loud enough
            if there[0] >= 500:
                self._say(name, f"meets an error: {there}")
            not_there = self._of_nothing(name)
            if (there[0], masked(there[1])) != (not_there[0], masked(not_there[1])):
                self._say(name, f"can tell it from what there is not: {there}, {not_there}")

    def allowances(self) -> None:
        """Whoever may."""
        used_up = USING_UP.search(self._operation) is not None
        for name in [name for name, letter in self.expected.items() if letter == "."]:
            thing = self._world.thing(self._operation, self._kind, fresh=used_up)
            got, text = self._ask(name, thing)
            if got in (401, 403, 404) or got >= 500:
                self._say(name, f"got {got}: {text[:200]}")
            if "/members" in self._operation or "/invitations" in self._operation:
                self._world.restore()

    def _same_work(self, name: str) -> None:
        """What is not theirs is not found by the statements that do not find what there is not: it takes as long."""
        for _ in range(TRIES):
            there, nothing = self._work(name, self.thing), self._work(name, absent(self.thing))
            if there == nothing:
                return
        other = [text for text in there if text not in nothing] or there[len(nothing) :] or nothing[len(there) :]
        self._say(name, f"takes {len(there)} statements, of nothing {len(nothing)}; other: {other[:1]}")

    def _work(self, name: str, thing: Thing) -> tuple[str, ...]:
        client = self._world.people[name]
        return self._world.works.of(client, lambda: ask(client, self._operation, thing))[2]

    def _ask(self, name: str, thing: Thing) -> tuple[int, str]:
        return ask(self._world.people[name], self._operation, thing)

    def _of_nothing(self, name: str) -> tuple[int, str]:
        """What they get where there is no such thing: asked once for all things alike."""
        thing = absent(self.thing)
        alike = (self._operation, name, masked(repr(thing)))
        if alike not in self._world.of_nothing:
            self._world.of_nothing[alike] = self._ask(name, thing)
        return self._world.of_nothing[alike]

    def _refused(self, name: str, status: int, code: str | None = None) -> tuple[int, str]:
        got, text = self._ask(name, self.thing)
        if got != status or (code is not None and text and json.loads(text)["error"]["code"] != code):
            self._say(name, f"got {got} instead of {status}: {text[:200]}")
        return got, text

    def _say(self, name: str, what: str) -> None:
        self.wrong.append(f"{self._kind}: {name} {what}")


OF_OPERATORS = " /api/operator/"
"""Operators act on everybody's rows as the pipeline, whom row security lets through: there is one lock alone."""


@pytest.mark.parametrize("operation", sorted(POLICY))
def test_everybody_gets_what_the_policy_says(world, locks, operation):
    forgetting = locks == "row security"
    if forgetting and OF_OPERATORS in operation:
        pytest.skip("operators have one lock: what the application asks")
    asked = [Asked(world, operation, kind, forgetting=forgetting) for kind in POLICY[operation]]
    before = snapshot(world.rows)
    for each in asked:
        each.refusals()
    assert snapshot(world.rows) == before, "who was refused has changed something"
    for each in asked if not forgetting else ():  # who may, may all the more
        each.allowances()
    wrong = [line for each in asked for line in each.wrong]
    assert not wrong, "\n".join(wrong)
