"""Databases of the former system, loaded from beside the checkout, and adoptions of them."""

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pipelines.adoption.adopting import Adoption, look
from pipelines.adoption.former import open_former
from pipelines.adoption.report import Report
from pipelines.adoption.verifying import Verification, verify
from pipelines.core.embedded import EmbeddedServer
from pipelines.core.postgres import Database
from pipelines.core.schemas import find_schemas
from pipelines.core.settings import Settings

_numbers = itertools.count(1)

EVERYTHING_OF_THEIRS = """
select n.nspname || '.' || c.relname || c.relkind::text || coalesce(c.relacl::text, '') || coalesce((
    select string_agg(t.tgname || t.tgenabled::text, ',' order by t.tgname)
    from pg_trigger t where t.tgrelid = c.oid), '')
from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname in ('public', 'ai')
union all select n.nspname || '.' || t.typname from pg_type t join pg_namespace n on n.oid = t.typnamespace
where n.nspname in ('public', 'ai')
union all select n.nspname || coalesce(n.nspacl::text, '') from pg_namespace n where n.nspname in ('public', 'ai')
order by 1
"""
TABLES = "select schemaname, tablename from pg_tables where schemaname in ('public', 'ai') order by 1, 2"


@dataclass(frozen=True)
class Deployment:
    """A former deployment's database, with our schemas beside its tables."""

    url: str
    home: Path
    _looked_at: list[int] = field(default_factory=list)

    def run(self, *statements: str) -> None:
        """Change it, as the former system would."""
        with psycopg.connect(self.url) as connection:
            connection.execute("set search_path = public, studybuddy, studybuddy_ai")
            for each in statements:
                connection.execute(each)  # type: ignore[arg-type]

    def rows(self, query: str) -> list[Any]:
        """Rows of a query, ours found first."""
        with psycopg.connect(self.url) as connection:
            connection.execute("set search_path = studybuddy, studybuddy_ai, public")
            return connection.execute(query).fetchall()  # type: ignore[arg-type]

    def theirs(self) -> tuple[Any, ...]:
        """All rows with their versions, and all names, rights and triggers, of the former system."""
        with psycopg.connect(self.url) as connection:
            names = connection.execute(EVERYTHING_OF_THEIRS).fetchall()
            tables = connection.execute(TABLES).fetchall()
            hashes = [
                connection.execute(
                    f"select md5(string_agg(r::text || r.xmin::text, ',' order by r.ctid)) from {schema}.{table} r"  # type: ignore[arg-type]  # noqa: S608
                ).fetchone()
                for schema, table in tables
            ]
        return names, tables, hashes

    def settings(self) -> Settings:
        """Settings of a process that adopts it."""
        return Settings(
            _env_file=None,  # type: ignore[call-arg]
            studybuddy_home=self.home,
            database_url=self.url,  # type: ignore[arg-type]
            database_schema="studybuddy",
        )

    def open(self) -> Database:
        """Our side."""
        return Database.open(self.settings())

    def look(self) -> Report:
        """A dry run."""
        with psycopg.connect(self.url) as connection:
            schemas = find_schemas(connection, "studybuddy")
        with open_former(self.url, schemas) as former:
            return look(former)

    def adopt(self) -> Report:
        """Bring everything over, or what has changed."""
        with self.open() as database, open_former(self.url, database.schemas) as former:
            adoption = Adoption(database, former, model="voyage-3-lite", base_url="https://vectors.example/v1")
            return adoption.run(lambda done, _: self._looked_at.append(done))

    @property
    def looked_at(self) -> int:
        """Rows that the last adoption has read."""
        return self._looked_at[-1]

    def verify(self) -> Verification:
        """Compare both sides."""
        with self.open() as database, open_former(self.url, database.schemas) as former:
            return verify(database, former)


@pytest.fixture(scope="session")
def agno(shared_data: Path) -> Path:
    """Folder of databases that the former system wrote, and of what must come of them."""
    return shared_data / "agno"


@pytest.fixture(scope="session")
def expected(agno: Path) -> dict[str, Any]:
    """By database: what a correct adoption gives, told in the former keys."""
    found: dict[str, Any] = json.loads((agno / "expected.json").read_text())
    return found


@pytest.fixture(scope="module")
def deployment(
    server: EmbeddedServer, agno: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Deployment]]:
    """Gives a deployment of its own with the rows of `f1` to `f5`."""
    made: list[str] = []

    def load(name: str) -> Deployment:
        database = f"former_{next(_numbers)}"
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute(f"create database {database}")  # type: ignore[arg-type]
        made.append(database)
        with psycopg.connect(server.url(database)) as connection:
            connection.execute((agno / f"{name}.sql").read_bytes().decode())  # type: ignore[arg-type]
        return Deployment(server.url(database), tmp_path_factory.mktemp("home"))

    yield load
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        for database in made:
            connection.execute(f"drop database {database} with (force)")  # type: ignore[arg-type]
