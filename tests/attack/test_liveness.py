"""The API answers while bombs go off: as many parsers as there are cores, each on a file made to keep it busy."""

import os
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from pipelines.core.errors import UnreadableFileError
from pipelines.steps.pdf.slides import read_deck
from pipelines.steps.sandbox.limits import Limits
from tests.serving.chat.test_lifetime import started
from tests.serving.conftest import home_of_its_own
from tests.steps import pdf_files

BOMBS = (pdf_files.flate_bomb, pdf_files.nested_forms)
LIMITS = Limits(cpu_s=10, wall_s=120, total_s=120, memory_mb=2048)
ASKED = 200
FAR_TOO_LONG_S = 5.0
"""Twenty times the promised figure, which is of a machine at rest: what a stalled event loop takes, not a busy one."""


def p99_s(http: httpx.Client) -> float:
    """The slowest but one in a hundred answers of `/livez`, in seconds."""
    took = []
    for _ in range(ASKED):
        begun = time.perf_counter()
        assert http.get("/livez").status_code == 200
        took.append(time.perf_counter() - begun)
        time.sleep(0.02)
    return sorted(took)[-1 - ASKED // 100]


@pytest.mark.attack
@pytest.mark.timeout(900)
def test_the_api_answers_while_as_many_bombs_as_cores_are_parsed(server, tmp_path, tmp_path_factory):
    ended = threading.Event()
    refused = []

    def parse(path: Path) -> None:
        while not ended.is_set():
            with pytest.raises(UnreadableFileError) as caught:
                read_deck(path, limits=LIMITS)
            refused.append(caught.value.code)

    with (
        home_of_its_own(server, tmp_path_factory) as settings,
        started(settings) as (_, port),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http,
    ):
        calm = p99_s(http)
        threads = []
        for number in range(os.cpu_count() or 1):
            path = tmp_path / f"{number}.pdf"
            path.write_bytes(BOMBS[number % len(BOMBS)]())
            threads.append(threading.Thread(target=parse, args=(path,)))
            threads[-1].start()
        try:
            busy = p99_s(http)
        finally:
            ended.set()
            for thread in threads:
                thread.join()
    sys.stdout.write(
        f"\nthe API beside {len(threads)} bombs: p99 {busy * 1000:.0f} ms; without: {calm * 1000:.0f} ms\n"
    )
    assert set(refused) == {"parser_limit"}
    assert busy < FAR_TOO_LONG_S
