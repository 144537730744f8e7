"""kill -9 at every commit of ingest, chat, delete, sweep and migrate: nothing half-written, and the next try completes.

`make attack` kills before and after every commit and prints the table; the suite takes a few of each.
"""

import itertools
from collections.abc import Iterable

import psycopg
import pytest

from pipelines.core.files import FileStore
from pipelines.core.postgres import Database
from pipelines.core.stored_files import check_files
from tests.attack import works
from tests.attack.conftest import Case
from tests.attack.deaths import Place, Table, in_a_process, killed_at
from tests.attack.relay import Moment, Relay
from tests.fakes import FakeModel

WHOLE = ("slides", "slide_chunks_knowledge", "chunk_terms", "transcript_segments", "lecture_chunks_knowledge")
"""Tables of which readers see an upload's old rows or its new ones, never some of each."""


def look(place: Place) -> tuple[str, ...]:
    """Digests of what readers see."""
    found = place.digests("image_sha256")
    return tuple(found.get(table, "") for table in WHOLE)


def stage(place: Place) -> str:
    """What uploads were going through."""
    with psycopg.connect(place.url) as connection:
        try:
            rows = connection.execute("select stages from documents union all select stages from lectures").fetchall()
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
            return "migrations"
    begun = [(each["began_at"], name, each.get("ended_at")) for (stages,) in rows for name, each in stages.items()]
    _, name, ended = max(begun, default=("", "", None))
    return f"after {name}" if ended else name


def die(name: str, case: Case, start: Place, relay: Relay, moments: Iterable[tuple[int, Moment]], model: FakeModel,
        table: Table) -> None:  # fmt: skip
    """Kill the work at each of these moments, look at what is left, and do it again."""
    again = ((case.work, case.arguments), (works.sweep, ()))
    with start.copy(f"whole_{name}") as place:
        model.requests.clear()
        old = look(place)
        assert in_a_process(place, place.url, works.in_order, *again) == 0, place.said()
        whole, new, asked = place.digests(), look(place), len(model.requests)
    noted_before = start.calls_noted()
    for number, moment in moments:
        with start.copy(f"round_{name}") as place:
            model.requests.clear()
            if not killed_at(place, relay, number, moment, case.work, *case.arguments):
                break
            where = f"{moment} commit {number}"
            for kind, was, seen, will in zip(WHOLE, old, look(place), new, strict=True):
                assert seen in (was, will), f"{where}: half-written {kind}"
            missing, left = files_of(place)
            assert not missing, f"{where}: rows without files"
            found = stage(place)
            assert in_a_process(place, place.url, works.in_order, *again) == 0, place.said()
            different = [kind for kind, digest in place.digests().items() if whole[kind] != digest]
            assert not different, f"{where}: the next try ended otherwise"
            paid = len(model.requests) - asked
            assert paid <= 1, f"{where}: {paid} calls were paid twice"
            unmade = place.calls_noted() - noted_before - len(model.requests)
            assert 0 <= unmade <= 1, f"{where}: the ledger notes {unmade} calls more than were made"
            table.count(name, found, files_left=left, paid=paid)
    assert any(work == name for work, _ in table.deaths), "nobody died"


def files_of(place: Place) -> tuple[int, int]:
    """(files missing that rows name, files that no row names)."""
    folder = place.home / "files"
    if not folder.exists():
        return 0, 0
    with Database(place.url) as database:
        found = check_files(database, FileStore(str(folder)))
    return len(found.missing), len(found.unreferenced)


@pytest.mark.attack
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    "name", ["record", "deck", "captions", "speech", "delete_deck", "delete_talk", "sweep", "migrate"]
)
def test_whoever_dies_at_any_commit_leaves_nothing_half_done(name, cases, start, relay, model, table):
    moments = ((number, moment) for number in itertools.count(1) for moment in ("before", "after"))
    die(name, cases[name], start, relay, moments, model, table)


@pytest.mark.attack
@pytest.mark.brief
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("name", "moment"), [("captions", (6, "before")), ("migrate", (9, "after"))])
def test_whoever_dies_at_a_commit_leaves_nothing_half_done(name, moment, cases, start, relay, model):
    table = Table()
    die(name, cases[name], start, relay, [moment], model, table)
    assert table.deaths.total() == 1
