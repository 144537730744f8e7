"""The life of uploads as a state machine: three people, and runs that are killed, tried again and come back too late.

After each step everybody sees through the service exactly what the rules give them (`life_model.py`), whole, and
nothing that was deleted.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from pipelines.core.errors import StaleUpstreamError, SupersededError
from pipelines.core.stored_files import check_files
from pipelines.core.stores import Stores
from pipelines.core.uploads import KINDS, list_deleted, purge_upload
from tests.serving.accounts.conftest import LIMITS, SignedInService, free_port, issuer_settings
from tests.serving.conftest import home_of_its_own, running
from tests.serving.materials.conftest import send
from tests.serving.materials.life_model import BEN, CLEO, PEOPLE, TEACHER, Going, Upload, brought, told
from tests.serving.materials.life_run import PARTS, DeathError, Run, picture
from tests.serving.materials.life_world import FOUND, KEPT, STRANGER, World


@pytest.fixture(scope="module")
def world(server, issuer, tmp_path_factory) -> Iterator[World]:
    with ExitStack() as ended:
        port = free_port()
        home = ended.enter_context(home_of_its_own(server, tmp_path_factory))
        given = issuer_settings(home, issuer, port, requests_per_minute=0)
        service = ended.enter_context(running(given, LIMITS, port=port))
        found = World(SignedInService(service, issuer), ended.enter_context(Stores.open(given)))
        for client in found.clients.values():
            ended.enter_context(client)
        yield found


WHOLE = 99
"""More steps than any run has."""

MOST = 5
"""Uploads at one time."""

PICK = st.integers(0, 99)
"""Which of the things that there are."""

ANYBODY = st.sampled_from((*PEOPLE, TEACHER, STRANGER))


class Life(RuleBasedStateMachine):
    """What people and the pipeline do, in any order."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world, self.mark = world, uuid4().hex[:8]
        self.uploads: list[Upload] = []
        self.runs: list[Going] = []
        self.touched: list[Upload] = []

    @initialize()
    def begin(self) -> None:
        self.course = self.world.newcomers()
        for number, who in enumerate(PEOPLE):
            self.upload(who, "documents" if who != CLEO else "lectures", "a", number, who == BEN)
        for number, steps in enumerate((WHOLE, 8, 3)):
            self.start(number, steps)

    @precondition(lambda self: sum(not each.deleted for each in self.uploads) < MOST)
    @rule(
        who=st.sampled_from(PEOPLE),
        kind=st.sampled_from(("documents", "lectures")),
        name=st.sampled_from("ab"),
        content=st.integers(0, 3),
        kept=st.booleans(),
    )
    def upload(self, who: str, kind: str, name: str, content: int, kept: bool) -> None:
        mark = f"{self.mark}{content}"
        start = b"%PDF-1.4\nmark " if kind == "documents" else b"RIFF\x24\0\0\0WAVEfmt mark "
        published = who == TEACHER and not kept
        new = Upload(None, kind, who, f"{name}.{'pdf' if kind == 'documents' else 'wav'}", mark, published)
        status, upload = brought(self.uploads, new)
        given = {"published": "false"} if kept else {}
        answer = send(self.world.clients[who], self.course, start + mark.encode(), name=new.name, kind=kind, **given)
        assert answer.status_code == status, answer.text
        self.world.happened[f"upload {status}{' again' if upload.generation > 1 else ''}"] += 1
        if status == 409:
            assert answer.json()["error"]["code"] == "same_name"
            return
        if upload.id is None:
            upload.id = UUID(answer.json()["id"])
        assert answer.json()["id"] == str(upload.id)
        self.touched.append(upload)

    @rule(who=ANYBODY, pick=PICK, what=st.sampled_from(("offer", "take back")))
    def offer(self, who: str, pick: int, what: str) -> None:
        self._ask(who, pick, what)

    @rule(who=ANYBODY, pick=PICK, what=st.sampled_from(("publish", "publish later", "unpublish", "decline")))
    def publish(self, who: str, pick: int, what: str) -> None:
        self._ask(who, pick, what)

    @rule(who=ANYBODY, pick=PICK)
    def reprocess(self, who: str, pick: int) -> None:
        self._ask(who, pick, "reprocess")

    @rule(who=ANYBODY, pick=PICK)
    def delete(self, who: str, pick: int) -> None:
        self._ask(who, pick, "delete")

    def _ask(self, who: str, pick: int, what: str) -> None:
        upload = self.uploads[pick % len(self.uploads)]
        path = f"/api/{upload.kind}/{upload.id}"
        verb, end = {"take back": ("DELETE", "/offer"), "delete": ("DELETE", "")}.get(what, ("POST", f"/{what}"))
        said: dict[str, Any] = {}
        if what == "publish later":
            end, said = "/publish", {"json": {"releaseAt": "2999-01-01T00:00:00Z"}}
        answer = self.world.clients[who].request(verb, path + end, **said)
        assert answer.status_code == told(upload, who, what), (what, answer.text)
        self.world.happened[f"{what} {answer.status_code}"] += 1
        self.touched.append(upload)

    @precondition(lambda self: any(not each.deleted for each in self.uploads))
    @rule(pick=PICK, steps=st.sampled_from((1, 2, 3, 4, 5, 7, 9, 11, 13, WHOLE, WHOLE)))
    def start(self, pick: int, steps: int) -> None:
        """A run begins, because the upload is new, or an earlier run died or was given up; it comes so far."""
        there = [each for each in self.uploads if not each.deleted]
        upload = there[pick % len(there)]
        going = Going(Run(self.world.stores, self.world.embed, upload.kind, upload.id), upload)
        self.runs.append(going)
        self.world.happened["begun"] += 1
        self._go_on(going, steps)

    @precondition(lambda self: self.runs)
    @rule(pick=PICK, steps=st.sampled_from((1, 2, 3, 5, WHOLE)))
    def go_on(self, pick: int, steps: int) -> None:
        """A run goes on, also one that was given up long ago."""
        self._go_on(self.runs[pick % len(self.runs)], steps)

    def _go_on(self, going: Going, steps: int) -> None:
        self.touched.append(going.upload)
        for _ in range(steps):
            refused, seen = going.refused(), None
            try:
                going.did(going.run.step())
            except (SupersededError, StaleUpstreamError) as error:
                seen = type(error).__name__
            assert seen == refused, going.run.next
            self.world.happened[seen or "written"] += 1
            if seen is not None or going.run.next is None:
                self.runs.remove(going)
                return

    @precondition(lambda self: self.runs)
    @rule(pick=PICK)
    def kill(self, pick: int) -> None:
        """A run dies with a write that it has not committed."""
        going = self.runs.pop(pick % len(self.runs))
        self.touched.append(going.upload)
        with pytest.raises((DeathError, SupersededError, StaleUpstreamError)) as died:
            going.run.step(dying=True)
        self.world.happened[died.typename] += 1

    @precondition(lambda self: self.runs)
    @rule(pick=PICK)
    def fail(self, pick: int) -> None:
        """A run finds that nothing can be made of the file."""
        going = self.runs.pop(pick % len(self.runs))
        self.touched.append(going.upload)
        going.run.fail()
        self.world.happened["failed" if going.holds else "failed too late"] += 1
        if going.holds:
            going.upload.failed = going.generation

    @rule()
    def purge(self) -> None:
        """The sensor looks: what was deleted goes with all its rows and files."""
        stores, gone = self.world.stores, [each for each in self.uploads if each.deleted]
        for kind in KINDS:
            with stores.database.transaction() as connection:
                deleted = list_deleted(connection, kind)
            for upload_id in deleted:
                purge_upload(stores.database, stores.files, kind, upload_id)
        for upload in gone:
            upload.slides = None
        self.world.happened["purged"] += len(gone)
        assert not gone or self.world.count(KEPT, gone) == 0, "rows of what was purged are left"
        self.touched += gone[-1:]

    @invariant()
    def everybody_sees_what_is_theirs(self) -> None:
        gone = [each for each in self.uploads if each.deleted]
        assert not gone or self.world.count(FOUND, gone) == 0, "what was deleted can be retrieved"
        for person in PEOPLE:
            self._search(person)
            for kind in {each.kind for each in self.touched}:
                self._lists(person, kind)
        for upload in {id(each): each for each in self.touched}.values():
            self._alone(upload)
        self.touched = []

    def teardown(self) -> None:
        """What is left is tried again and is ready; then runs that were given up come back, and all is looked at."""
        late = list(self.runs)
        for number, upload in enumerate([each for each in self.uploads if not each.deleted]):
            self.start(number, WHOLE)
            assert upload.status == "ready"
        for going in late:
            self._go_on(going, WHOLE)
        for person in PEOPLE:
            self._search(person)
        for upload in self.uploads:
            self._alone(upload)
        for kind in ("documents", "lectures"):
            for person in PEOPLE:
                self._lists(person, kind)
            answer = self.world.clients[STRANGER].get(f"/api/{kind}", params={"courseId": self.course})
            assert answer.status_code == 404
        missing = check_files(self.world.stores.database, self.world.stores.files).missing
        assert not missing, "rows name files that are gone"

    def _lists(self, person: str, kind: str) -> None:
        answer = self.world.clients[person].get(f"/api/{kind}", params={"courseId": self.course})
        seen = {each["id"]: shown(each) for each in answer.json()["items"]}
        theirs = [each for each in self.uploads if each.kind == kind and each.seen_by(person)]
        assert seen == {str(each.id): each.shown_to(person) for each in theirs}, (person, kind)

    def _search(self, person: str) -> None:
        answer = self.world.clients[person].get(
            f"/api/courses/{self.course}/search", params={"q": "momentum", "limit": 100}
        )
        found: dict[str, set[str]] = {}
        for hit in answer.json()["items"]:
            found.setdefault(hit["documentId" if hit["kind"] == "slide" else "lectureId"], set()).add(hit["text"])
        theirs = {str(each.id): each.found() for each in self.uploads if each.searched_by(person)}
        assert found == {key: texts for key, texts in theirs.items() if texts}, person

    def _alone(self, upload: Upload) -> None:
        """An upload by its id, and the bytes of it."""
        for person in (*PEOPLE, STRANGER):
            client, sees = self.world.clients[person], upload.seen_by(person)
            answer = client.get(f"/api/{upload.kind}/{upload.id}")
            assert answer.status_code == (200 if sees else 404), (person, answer.text)
            assert not sees or shown(answer.json()) == upload.shown_to(person)
            course = f"/api/courses/{self.course}/{upload.kind}/{upload.id}"
            if upload.kind == "documents":
                path, content = f"{course}/pages/{PARTS[-1]}/image", picture(str(upload.drawn), PARTS[-1])
            else:
                path, content = f"{course}/media", upload.mark.encode()
            there = sees and (upload.kind == "lectures" or upload.drawn is not None)
            answer = client.get(path)
            assert answer.status_code == (200 if there else 404), (person, path)
            assert not there or answer.content.endswith(content)


def shown(told: dict[str, Any]) -> tuple[Any, ...]:
    """What an answer says of an upload, as the model says it."""
    later = told["releaseAt"] is not None
    return told["fileName"], told["own"], told["published"], told["offered"], later, told["status"]


def live(world: World, *, examples: int, steps: int) -> None:
    """So many lives of so many steps; always the same ones, and as they are: shorter ones take long to find."""
    how = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(lambda: Life(world), settings=how)


@pytest.mark.timeout(600)
def test_everybody_sees_what_is_theirs_whatever_happened_to_it(world):
    live(world, examples=2, steps=10)


@pytest.mark.attack
@pytest.mark.timeout(3600)
def test_five_hundred_mixed_runs_show_nobody_more_and_bring_nothing_back(world):
    live(world, examples=100, steps=8)
    assert world.happened["begun"] >= 500, "runs of the pipeline"
    missed = {"SupersededError", "DeathError", "delete 204", "reprocess 204"} - set(+world.happened)
    assert not missed, f"never happened: {missed}"
