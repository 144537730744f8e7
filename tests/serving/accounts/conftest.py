"""A service with an issuer, and one of local mode, each on a database of its own for the tests of this room."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import httpx
import psycopg
import pytest

from pipelines.core.settings import Settings
from serving.limits import Limits
from tests.fake_issuer import CLIENT_ID, CLIENT_SECRET, PROGRAM_ID, FakeIssuer
from tests.fake_openrouter import FakeOpenRouter
from tests.serving.conftest import QUICK, Service, running

LIMITS = replace(QUICK, issuer_cooldown_s=1.0, issuer_timeout_s=2.0)


@dataclass
class SignedInService:
    """A running service, its issuer, and clients of either kind."""

    service: Service
    issuer: FakeIssuer

    @property
    def url(self) -> str:
        """Where browsers reach it."""
        return self.service.url

    def program(self, token: str | None = None, **claims) -> httpx.Client:
        """A program that shows `token`, or one the issuer signs with these claims."""
        token = self.issuer.mint(**claims) if token is None else token
        return httpx.Client(base_url=self.url, headers={"authorization": f"Bearer {token}"}, timeout=60)

    def browser(self) -> httpx.Client:
        """A browser: it keeps cookies and says where its requests come from."""
        headers = {"origin": self.url, "sec-fetch-site": "same-origin", "accept": "text/html"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60)


def issuer_settings(settings: Settings, issuer: FakeIssuer, port: int, **more) -> Settings:
    """Settings of a service at this port whose people `issuer` signs in."""
    given = {
        "oidc_issuer": issuer.url,
        "oidc_client_id": CLIENT_ID,
        "oidc_client_secret": CLIENT_SECRET,
        "public_url": f"http://127.0.0.1:{port}",
        "allowed_origins": "https://front.example, http://localhost:5173",
        "operators": "olga",
        "oidc_programs": PROGRAM_ID,
        **more,
    }
    return Settings(_env_file=None, **{**settings.model_dump(exclude_unset=True), **given})


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture(scope="package")
def issuer() -> Iterator[FakeIssuer]:
    """The provider."""
    fake = FakeIssuer()
    yield fake
    fake.close()


@pytest.fixture(scope="package")
def signed(serving_settings, issuer) -> Iterator[SignedInService]:
    """A service whose people the issuer signs in."""
    port = free_port()
    with running(issuer_settings(serving_settings, issuer, port), LIMITS, port=port) as service:
        yield SignedInService(service, issuer)


@pytest.fixture(scope="module")
def fake():
    """An OpenRouter that listens."""
    openrouter = FakeOpenRouter()
    yield openrouter
    openrouter.close()


@pytest.fixture
def rows(serving_settings):
    """Run SQL on the service's database as its owner: `rows("select ...", [...])`."""

    def run(text, parameters=()):
        with psycopg.connect(serving_settings.database_url.get_secret_value(), autocommit=True) as connection:
            found = connection.execute(text, parameters)
            return found.fetchall() if found.description else []

    return run


@pytest.fixture
def limits() -> Limits:
    """Limits of a service that tests make for themselves."""
    return LIMITS


@contextmanager
def searched_by(rows, model: str) -> Iterator[None]:
    """Meanwhile the live vectors are of this model, as after a change of EMBEDDING_MODEL that the pipeline followed."""
    ((here,),) = rows("select model from ai.embedding_sets where role = 'main' and live")
    change = "update ai.embedding_sets set model = %s where role = 'main' and live"
    rows(change, [model])
    try:
        yield
    finally:
        rows(change, [here])
