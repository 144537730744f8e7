"""How long a refusal takes says nothing of what is there: what is foreign takes as long as what is missing.

The access matrix compares the statements of both on every route, which no load disturbs (`work.py`); a clock is held to
some here, all the way through the service.
"""

import time
from collections.abc import Iterator
from statistics import median

import pytest

from tests.serving.courses.access_requests import absent, ask
from tests.serving.courses.access_service import world_of
from tests.serving.courses.access_world import World

PAIRS = 150
ALIKE = 1.3
"""Medians of alternating requests differ by less, however busy the machine; a statement more makes up about a fifth."""
TRIES = 3


@pytest.fixture(scope="module")
def world(server, serving_settings, issuer, tmp_path_factory) -> Iterator[World]:
    """A world for a clock."""
    with world_of(server, serving_settings, issuer, tmp_path_factory.mktemp("home"), "timed") as world:
        yield world


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("GET /api/documents/{upload_id}", "private"),
        ("GET /api/lectures/{upload_id}/transcript", "kept"),
        ("DELETE /api/documents/{upload_id}", "private"),
        ("GET /api/courses/{course_id}/documents/{document_id}/pages/{page}/image", "private"),
        ("GET /api/courses/{course_id}/search", "kept in a search"),
        ("GET /api/sessions/{chat_id}", "chat"),
        ("DELETE /api/tokens/{token_id}", "token"),
    ],
)
def test_what_is_foreign_takes_as_long_as_what_is_missing(world, operation, kind):
    client, thing = world.people["mate"], world.thing(operation, kind, fresh=False)
    ratios = []
    for _ in range(TRIES):
        took: dict[bool, list[float]] = {True: [], False: []}
        for number in range(2 * PAIRS):
            foreign = number % 2 == 0
            about = thing if foreign else absent(thing)
            began = time.perf_counter()
            ask(client, operation, about)
            took[foreign].append(time.perf_counter() - began)
        ratios.append(median(took[True]) / median(took[False]))
        if 1 / ALIKE < ratios[-1] < ALIKE:
            return
    raise AssertionError(f"foreign takes {ratios} times as long as missing")
