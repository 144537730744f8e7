"""The service in which a world of the access matrix lives: a database and a home of its own."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg

from pipelines.core.embedded import EmbeddedServer
from pipelines.core.settings import Settings
from tests.fake_issuer import FakeIssuer
from tests.serving.accounts.conftest import LIMITS, SignedInService, free_port, issuer_settings
from tests.serving.conftest import running
from tests.serving.courses.access_world import World


@contextmanager
def world_of(server: EmbeddedServer, settings: Settings, issuer: FakeIssuer, home: Path, name: str) -> Iterator[World]:
    """People and things in a running service; its database has this name, and goes with it."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name} template template_app")
    with ExitStack() as ended:
        port = free_port()
        given = {
            "studybuddy_home": home,
            "database_url": server.url(name),
            "dagster_database_url": server.url(name),
            "requests_per_minute": 0,
        }
        own = issuer_settings(settings.model_copy(update=given), issuer, port)
        service = ended.enter_context(running(own, LIMITS, port=port))
        connection = ended.enter_context(psycopg.connect(server.url(name), autocommit=True))

        def run(text, parameters=()):
            found = connection.execute(text, parameters)
            return found.fetchall() if found.description else []

        world = World(SignedInService(service, issuer), run)
        ended.callback(world.close)
        yield world
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")
