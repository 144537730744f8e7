"""Deaths of processes that write: each round does one work in a process of its own and kills it at one commit.

A round has a database and a home of its own, both copies of one start, so that every round begins the same. What it
leaves is compared with what the same work leaves undisturbed.
"""

import json
import multiprocessing
import os
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

import psycopg

from pipelines.core.settings import get_settings
from tests.attack.relay import Moment, Relay
from tests.attack.works import sweep

Digests = Mapping[str, str]

PATIENCE_S = 300
"""Far above what one work takes: who is not back by then hangs, however busy the machine is."""

OF_EACH_RUN = {"run_id", "stages", "requested_generation", "set_id"}
"""Columns that say which run wrote a row, how often one began, and numbers that a transaction may take and not use."""

NUMBERED = "chunk_embeddings_%"
"""Partitions with such a number in their name; their rows are looked at in the table they belong to."""

COUNTED = ("embedding_sets", "audit_events")
"""Tables whose `id` is the next number of a sequence."""

SCHEMA = """
with of_columns as (
    select concat(table_name, column_name, data_type) as line
    from information_schema.columns where table_schema in ('public', 'ai') and table_name not like %(numbered)s
),
of_indexes as (
    select indexdef as line from pg_indexes where schemaname in ('public', 'ai') and tablename not like %(numbered)s
)
select md5(string_agg(line, '|' order by line)) from (table of_columns union all table of_indexes) as of_both
"""

PRELOADED = ["pipelines.definitions", "dagster._core.execution.execute_in_process", "tests.attack.works"]
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(PRELOADED)


@dataclass(frozen=True)
class Place:
    """What one round works on: the name of its database and its home, and the variables of both."""

    admin_url: str
    database: str
    home: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The database, not by way of the relay."""
        return self.admin_url.replace("/postgres?", f"/{self.database}?")

    @contextmanager
    def copy(self, name: str) -> Iterator["Place"]:
        """Another place that begins as this one is now; gone afterwards."""
        home = self.home.with_name(name)
        shutil.copytree(self.home, home)
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(f"create database {name} template {self.database}")
            try:
                yield Place(self.admin_url, name, home, self.environment)
            finally:
                connection.execute(f"drop database {name} with (force)")
                shutil.rmtree(home)

    def said(self) -> str:
        """The last words of the processes that worked here."""
        return (self.home / "said").read_text(errors="replace")[-3000:]

    def calls_noted(self) -> int:
        """Rows of the ledger of model calls, whatever became of the calls."""
        with psycopg.connect(self.url) as connection:
            if connection.execute("select to_regclass('model_calls')").fetchone() == (None,):
                return 0
            row = connection.execute("select count(*) from model_calls").fetchone()
        assert row is not None
        return int(row[0])

    def digests(self, *left_out: str) -> dict[str, str]:
        """What tables, schema and file store hold, without times, what runs make anew, and these columns."""
        with psycopg.connect(self.url) as connection:
            columns = connection.execute(
                "select table_schema, table_name, array_agg(column_name::text) filter (where udt_name = 'timestamptz')"
                " from information_schema.columns where table_schema in ('public', 'ai')"
                " and table_name not like %s group by 1, 2",
                [NUMBERED],
            ).fetchall()
            found = {"users": ""}
            for schema, table, times in columns:
                (found[table],) = connection.execute(
                    "select coalesce(md5(string_agg(line, '|' order by line)), '')"  # noqa: S608
                    f" from (select (to_jsonb(t) - %s::text[])::text as line from {schema}.{table} t) l",
                    [sorted({*(times or ()), *OF_EACH_RUN, *left_out, *({"id"} if table in COUNTED else ())})],
                ).fetchone()
            (found["schema"],) = connection.execute(SCHEMA, {"numbered": NUMBERED}).fetchone()
        for made_anew in ("users", "model_calls"):  # their ids are others in every database
            found.pop(made_anew, None)  # a schema from before has no ledger
        names = sorted(path.name for path in (self.home / "files").rglob("*") if path.is_file())
        return {**found, "files": json.dumps(names)}


def begin(place: Place, url: str, work: Callable[..., None], *arguments: object) -> BaseProcess:
    """A fresh process that does `work`, with settings that name `place` and this database URL."""
    environment = {
        **place.environment,
        "STUDYBUDDY_HOME": str(place.home),
        "DATABASE_URL": url,
        "DAGSTER_DATABASE_URL": url,
    }
    process = _forks.Process(target=_begin, args=(environment, place.home, work, arguments))
    process.start()
    return process


def in_a_process(place: Place, url: str, work: Callable[..., None], *arguments: object) -> int:
    """Do `work` in a fresh process and wait for it; its exit code.

    Raises:
        AssertionError: it hangs.
    """
    process = begin(place, url, work, *arguments)
    process.join(PATIENCE_S)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise AssertionError(f"{work.__name__} hangs")
    code = process.exitcode
    process.close()
    return code


def killed_at(
    place: Place, relay: Relay, number: int, moment: Moment, work: Callable[..., None], *more: object
) -> bool:
    """Do `work` and kill it at its `number`-th commit; False where it was done before that.

    Raises:
        AssertionError: it hangs, or failed.
    """
    relay.arm(number, moment, every=work is sweep)
    code = in_a_process(place, relay.url(place.database), work, *more)
    relay.arm(None)
    assert code in (0, -signal.SIGKILL), place.said()
    return code != 0


def _begin(environment: dict[str, str], home: Path, work: Callable[..., None], arguments: tuple[object, ...]) -> None:
    os.setsid()
    os.chdir(home)  # no .env of the checkout
    os.environ.update(environment)
    get_settings.cache_clear()
    with (home / "said").open("ab") as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
    work(*arguments)


@dataclass
class Table:
    """What came of the deaths: one line a work and stage."""

    deaths: Counter[tuple[str, str]] = field(default_factory=Counter)
    files_left: Counter[tuple[str, str]] = field(default_factory=Counter)
    paid: Counter[tuple[str, str]] = field(default_factory=Counter)

    def count(self, work: str, where: str, *, files_left: int = 0, paid: int = 0) -> None:
        """One death, after which all was as it should be."""
        self.deaths[work, where] += 1
        self.files_left[work, where] += files_left
        self.paid[work, where] += max(0, paid)

    def __str__(self) -> str:
        lines = [("work", "died in", "kill -9", "half-written", "next try whole", "files to sweep", "paid twice")]
        for key, count in self.deaths.items():
            lines.append((*key, str(count), "0", str(count), str(self.files_left[key]), str(self.paid[key])))
        all_ = str(self.deaths.total())
        lines.append(("all", "", all_, "0", all_, str(self.files_left.total()), str(self.paid.total())))
        return "\n" + "".join(
            f"{row[0]:<14}{row[1]:<24}" + "".join(f"{cell:>16}" for cell in row[2:]) + "\n" for row in lines
        )
