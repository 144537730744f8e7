"""Databases of the former system, loaded from beside the checkout."""

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pipelines.core.embedded import EmbeddedServer

_numbers = itertools.count(1)


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
def former(server: EmbeddedServer, agno: Path) -> Iterator[Callable[[str], str]]:
    """Gives the URL of a database of its own with the rows of `f1` to `f5`."""
    made: list[str] = []

    def load(name: str) -> str:
        database = f"former_{next(_numbers)}"
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute(f"create database {database}")  # type: ignore[arg-type]
        made.append(database)
        with psycopg.connect(server.url(database)) as connection:
            connection.execute((agno / f"{name}.sql").read_bytes().decode())  # type: ignore[arg-type]
        return server.url(database)

    yield load
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        for database in made:
            connection.execute(f"drop database {database} with (force)")  # type: ignore[arg-type]
