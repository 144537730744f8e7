"""A course with material in a real database, the real server on a real port, the real AI SDK client in Node."""

import io
import itertools
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import numpy as np
import psycopg
import pytest
from PIL import Image

from pipelines.answering.turn import Bounds
from pipelines.core.chunks import replace_lecture_chunks, replace_slide_chunks
from pipelines.core.courses import ensure_course
from pipelines.core.documents import put_document
from pipelines.core.embeddings.vectors import ensure_embedding_set, write_vectors
from pipelines.core.files import FileStore
from pipelines.core.models.providers import embedder
from pipelines.core.postgres import Database
from pipelines.core.records import Chunk, Lecture, Slide
from pipelines.core.secrets.crypto import Sealer
from pipelines.core.secrets.local_token import local_token
from pipelines.core.settings import Settings
from pipelines.core.slides import replace_slides
from serving.limits import Limits
from serving.run import Server, make_server
from tests.fakes import FakeModel

# Services of one test process share an interpreter: one that loads something is silent for longer than 15 s where the
# machine is busy, and lives.
QUICK = Limits(beat_s=0.2, dead_after_s=60.0, flush_s=0.05, drain_s=1.0, leave_grace_s=30, ping_s=5,
               answer=Bounds(retry_wait_s=1.0))  # fmt: skip
SLIDES = [
    ("Gradient descent", "Gradient descent moves the weights against the gradient of the loss. "
     "The learning rate sets how far each step goes; too large a rate makes the loss diverge."),
    ("Momentum", "Momentum keeps a running mean of past gradients, which damps oscillation in narrow valleys."),
    ("Optimisers compared", "A table compares SGD, Adam and RMSProp by memory and speed: Adam keeps two moments for "
     "each weight and so needs three times the memory of SGD."),
    ("Entropy", "The entropy of a fair coin is one bit. See reference [9] for a proof."),
    ("Photosynthesis", "Chlorophyll absorbs red and blue light; plants turn carbon dioxide and water into sugar."),
    ("Bayes", "Bayes' theorem turns a prior and a likelihood into a posterior distribution."),
]  # fmt: skip
SPEECH = [
    "So today we talk about overfitting. A model that memorises the training data does badly on new data.",
    "Regularisation, for example weight decay, pulls the weights towards zero and makes the model simpler.",
]
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Material:
    """What the course of the tests holds."""

    course_id: UUID
    document_id: UUID
    lecture_id: UUID
    image: bytes
    media: bytes


@pytest.fixture(scope="package")
def model() -> Iterator[FakeModel]:
    """The scripted model server."""
    fake = FakeModel()
    yield fake
    fake.close()


@pytest.fixture(scope="package")
def serving_settings(server, tmp_path_factory) -> Iterator[Settings]:
    """Settings of a home with one database for all tests of this room; tests keep apart by chat ids."""
    with home_of_its_own(server, tmp_path_factory) as found:
        yield found


@contextmanager
def home_of_its_own(server, tmp_path_factory) -> Iterator[Settings]:
    """Settings of a home with a migrated database that nobody else has."""
    name = f"serving_{next(_numbers)}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name} template template_app")
    yield Settings(
        _env_file=None,
        studybuddy_home=tmp_path_factory.mktemp("home"),
        database_url=server.url(name),
        dagster_database_url=server.url(name),
        log_level="WARNING",
    )
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture(scope="package")
def material(serving_settings: Settings) -> Material:
    """A deck of six slides and a lecture of two pieces, embedded with the real local model."""
    files = FileStore.open(serving_settings)
    picture = io.BytesIO()
    Image.new("RGB", (64, 48), "white").save(picture, "WEBP")
    image, media = picture.getvalue(), os.urandom(600_000)
    image_sha = files.add(io.BytesIO(image)).sha256
    media_sha = files.add(io.BytesIO(media)).sha256
    with Database(serving_settings.database_url.get_secret_value()) as database, database.transaction() as connection:
        course = ensure_course(connection, "Learning machines")
        document, _ = put_document(
            connection, sealer=Sealer.open_home(serving_settings), course_id=course.id, title="Week 1",
            file_name="week1.pdf", source_name="week1.pdf", sha256="a" * 64, byte_count=1,
        )  # fmt: skip
        slides = [
            Slide(page=page, page_label=str(page), title=title, body=body, furniture="", section=None,
                  text_source="layer", junk_chars=0, frame_group=page, image_sha256=image_sha, width_pt=1, height_pt=1)
            for page, (title, body) in enumerate(SLIDES, start=1)
        ]  # fmt: skip
        replace_slides(connection, document, slides, title="Week 1", code_version="1")
        lecture_id = connection.execute(
            "insert into lectures (course_id, title, file_name, source_name, media_sha256, byte_count, published)"
            " values (%s, 'Lecture 1', 'lecture1.mp4', 'lecture1.mp4', %s, 1, true) returning id",
            [course.id, media_sha],
        ).fetchone()[0]  # fmt: skip
        chunks = [
            Chunk(id=uuid4(), course_id=course.id, kind="slide", source_id=document.id, ordinal=page, title=title,
                  context="", text=f"{title}\n{body}", token_count=20, page=page, pages=(page,), page_label=str(page))
            for page, (title, body) in enumerate(SLIDES, start=1)
        ]  # fmt: skip
        spoken = [
            Chunk(id=uuid4(), course_id=course.id, kind="speech", source_id=lecture_id, ordinal=n, title="Lecture 1",
                  context="", text=words, token_count=20, start_ms=n * 30_000, end_ms=n * 30_000 + 29_000)
            for n, words in enumerate(SPEECH)
        ]  # fmt: skip
        replace_slide_chunks(connection, document, chunks, chunker_version="1")
        lecture = Lecture(
            id=lecture_id, course_id=course.id, title="Lecture 1", file_name="lecture1.mp4", source_name="lecture1.mp4",
            media_sha256=media_sha, captions_sha256=None, captions_name=None, byte_count=1, generation=1,
        )  # fmt: skip
        replace_lecture_chunks(connection, lecture, spoken, chunker_version="1")
        embed = embedder(serving_settings)
        kept = ensure_embedding_set(connection, model=embed.model, dims=embed.dims, search_text_version="1")
        vectors = embed.embed([chunk.search_text for chunk in [*chunks, *spoken]])
        write_vectors(connection, kept, [*chunks, *spoken], np.asarray(vectors))
    return Material(course.id, document.id, lecture_id, image, media)


class Service:
    """A running server and a client that is signed in to it."""

    def __init__(self, server: Server, port: int, settings: Settings) -> None:
        self.server, self.port, self.settings = server, port, settings
        self.url = f"http://127.0.0.1:{port}"
        self.token = local_token(settings)
        self.headers = {"authorization": f"Bearer {self.token}"}
        self.http = httpx.Client(base_url=self.url, headers=self.headers, timeout=60)

    @property
    def runs(self):
        """The answers under way in this server."""
        return self.server.config.app.state.service.runs


@contextmanager
def running(settings: Settings, limits: Limits = QUICK, port: int | None = None) -> Iterator[Service]:
    """A server of its own in a thread. `port` None: a free one."""
    if port is None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
    server = make_server(settings, "127.0.0.1", port, limits=limits)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started:
        assert thread.is_alive() and time.monotonic() < deadline, "the server did not start"
        time.sleep(0.01)
    service = Service(server, port, settings)
    try:
        yield service
    finally:
        service.http.close()
        server.should_exit = True
        thread.join(20)


@pytest.fixture(scope="package")
def quoting(serving_settings, material) -> Iterator[Service]:
    """A service without a language model."""
    with running(serving_settings) as service:
        yield service


@pytest.fixture(scope="package")
def modelled(serving_settings, material, model) -> Settings:
    """Settings with the scripted model."""
    return serving_settings.model_copy(
        update={"model_base_url": model.url, "chat_model": "scripted", "model_timeout_s": 60.0}
    )


@pytest.fixture(scope="package")
def service(modelled) -> Iterator[Service]:
    """A service with the scripted model."""
    with running(modelled) as service:
        yield service


@pytest.fixture(scope="package")
def second(modelled) -> Iterator[Service]:
    """Another service on the same database: what one process does must be seen by the other."""
    with running(modelled) as service:
        yield service


CLIENTS = {"v5": "5.0.277", "v6": "6.0.326", "v7": "7.0.173"}


@pytest.fixture(scope="session")
def ai_sdk() -> Path:
    """Folder with the AI SDK's client in three versions; installed once when npm is there."""
    root = Path(os.environ.get("AI_SDK_ROOT") or Path.home() / ".cache" / "ai_sdk_root")
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("node and npm are not installed: the real client cannot be run")
    for folder, version in CLIENTS.items():
        if not (root / folder / "node_modules" / "ai").is_dir():
            (root / folder).mkdir(parents=True, exist_ok=True)
            (root / folder / "package.json").write_text("{}")
            command = ["npm", "install", "--silent", "--no-package-lock", f"ai@{version}"]
            subprocess.run(command, cwd=root / folder, check=True, capture_output=True)
    return root


@pytest.fixture(scope="package")
def node(ai_sdk) -> Iterator[subprocess.Popen[str]]:
    """One Node process with all three clients loaded."""
    command = ["node", "--no-warnings", Path(__file__).with_name("client.mjs"), ai_sdk]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
    yield process
    process.stdin.close()
    process.wait(10)
    process.stdout.close()


@pytest.fixture
def client(node, service, material):
    """Take steps with the real client, each version after the other: `client([["send", "..."]])["v7"]["status"]`."""

    def run(steps=(), *, base: Service | None = None, **more):
        base = base or service
        given = {"base": base.url, "token": base.token, "course": str(material.course_id), "steps": steps, **more}
        node.stdin.write(json.dumps(given) + "\n")
        node.stdin.flush()
        seen = json.loads(node.stdout.readline())
        assert "failed" not in seen, seen["failed"]
        return seen

    return run


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's program; skips where there is none."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("chromium is not installed: no page can be looked at")
    return found
