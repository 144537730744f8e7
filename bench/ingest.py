"""Time from the committed row to a searchable deck, beside the pure libraries' for the same work in the same run.

`python -m bench.ingest DECK.pdf... [--captions FOLDER] [--times 3]` prints JSON, a list with one entry a deck.
`library`: PyMuPDF reading every page's text and onnxruntime embedding the very chunks, in this process, warm.
`sensor`: the row is committed and the running system (`studybuddy up`) finds it, runs the graph and writes the vectors;
time until the vectors can be read. `ratio` is (sensor - 1.5 s) / library: the promise is at most 1.25. `rendered` adds
pictures, which nobody waits for. `ingest_command`, `search_command`: the whole of `studybuddy ingest DECK` and of
`studybuddy search`, from the start of the process to its end, on the running system; the promises are `sensor` + 0.8 s
and 0.7 s. `captions`: `studybuddy ingest FOLDER`, seconds a file. `event_log_kb`: what one run leaves in Dagster's
event log, at most 60.
"""

import argparse
import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pymupdf

from pipelines.core.chunks import list_chunks
from pipelines.core.courses import ensure_course
from pipelines.core.database_address import libpq_address, parse_address
from pipelines.core.documents import get_document, put_document
from pipelines.core.models.providers import embedder
from pipelines.core.postgres import database_urls
from pipelines.core.records import PIPELINE, Document
from pipelines.core.settings import REPOSITORY, Settings
from pipelines.core.slides import DocumentCounts, count_document
from pipelines.core.stores import Stores
from pipelines.core.uploads import DOCUMENT, delete_upload
from pipelines.runtime import services

POLL_S = 0.05
PATIENCE_S = 300.0
ALLOWED_S = 1.5
EVENT_LOG = """
    select max(bytes) from (
        select sum(octet_length(event)) as bytes from event_logs join runs using (run_id)
        where runs.status = 'SUCCESS' group by runs.id order by runs.id desc limit 10
    ) as runs
"""
COURSE = "Bench commands"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("decks", type=Path, nargs="*", default=[REPOSITORY / "sample" / "wind-power.pdf"])
    arguments.add_argument("--captions", type=Path)
    arguments.add_argument("--times", type=int, default=3)
    given = arguments.parse_args()
    home = Path(tempfile.mkdtemp(prefix="sb-bench-"))
    settings = Settings(studybuddy_home=home, dagster_port=0, api_port=0)
    try:
        services.up(settings)
        with Stores.open(settings) as stores:
            result = [
                measure(stores, deck, given.times)
                | commands(settings, deck, given.times)
                | {"event_log_kb": event_log_kb(settings)}
                for deck in given.decks
            ]
        if given.captions is not None:
            result.append(captions(settings, given.captions))
        print(json.dumps(result, indent=2))
    finally:
        services.down(settings)
        shutil.rmtree(home, ignore_errors=True)


def measure(stores: Stores, deck: Path, times: int) -> dict[str, Any]:
    """Medians over `times` uploads, after one that warms everything up."""
    searchable, rendered, text, embedding, chunks = [], [], [], [], 0
    for number in range(times + 1):
        document, began = _upload(stores, deck, f"{number}.pdf")
        found = _until(stores, document, lambda counts: counts.searchable) - began
        pictured = _until(stores, document, lambda counts: counts.images == counts.slides > 0) - began
        texts = _chunk_texts(stores, document)
        if number:
            searchable.append(found)
            rendered.append(pictured)
            text.append(_timed(lambda: _read(deck)))
            embed = embedder(stores.settings)
            embed.embed(["warm"])
            embedding.append(_timed(lambda texts=texts, embed=embed: embed.embed(texts)))
        chunks = len(texts)
        with stores.database.transaction() as connection:
            delete_upload(connection, DOCUMENT, document.id)
    library = statistics.median(text) + statistics.median(embedding)
    sensor = statistics.median(searchable)
    return {
        "deck": deck.name,
        "pages": _read(deck),
        "chunks": chunks,
        "library_s": {"text": _short(statistics.median(text)), "embedding": _short(statistics.median(embedding))},
        "sensor_s": _short(sensor),
        "rendered_s": _short(statistics.median(rendered)),
        "ratio": round((sensor - ALLOWED_S) / library, 2),
        "over_library_s": _short(sensor - library),
        "times": times,
    }


def commands(settings: Settings, deck: Path, times: int) -> dict[str, float]:
    """Medians of whole commands on the running system, each upload of other bytes."""
    ingests, searches = [], []
    with tempfile.TemporaryDirectory(prefix="sb-bench-") as folder:
        for number in range(times):
            file = Path(folder, f"{deck.stem}-{number}.pdf")
            file.write_bytes(deck.read_bytes() + f"\n% command {number}\n".encode())
            ingests.append(_timed(lambda file=file: _command(settings, "ingest", str(file))))
            searches.append(_timed(lambda: _command(settings, "search", "What is this about?")))
    return {
        "ingest_command_s": _short(statistics.median(ingests)),
        "search_command_s": _short(statistics.median(searches)),
    }


def captions(settings: Settings, folder: Path) -> dict[str, Any]:
    """One ingest of a folder of caption files, on the running system."""
    files = sum(path.suffix in (".vtt", ".srt") for path in folder.rglob("*"))
    seconds = _timed(lambda: _command(settings, "ingest", str(folder)))
    return {
        "captions": folder.name,
        "files": files,
        "seconds": _short(seconds),
        "a_file_s": _short(seconds / files),
        "event_log_kb": event_log_kb(settings),
    }


def event_log_kb(settings: Settings) -> float:
    """The most that one of the last ten whole runs has left in Dagster's event log, in kB."""
    _, url = database_urls(settings)
    with psycopg.connect(libpq_address(parse_address(url, name="DAGSTER_DATABASE_URL"))) as connection:
        row = connection.execute(EVENT_LOG).fetchone()
    return round(float(row[0]) / 1000, 1) if row is not None else 0.0


def _command(settings: Settings, name: str, what: str) -> None:
    line = [sys.executable, "-c", "from pipelines.cli import main; main()", name, "--course", COURSE, what]
    subprocess.run(line, env=os.environ | {"STUDYBUDDY_HOME": str(settings.home)}, check=True, capture_output=True)


def _upload(stores: Stores, deck: Path, name: str) -> tuple[Document, float]:
    # a trailing comment makes other bytes of the same pages: the same bytes would change nothing
    stored = stores.files.add(io.BytesIO(deck.read_bytes() + f"\n% {name}\n".encode()))
    with stores.database.transaction() as connection:
        course = ensure_course(connection, f"Bench {name}")
        document, _ = put_document(
            connection, sealer=stores.sealer, course_id=course.id, title=name, file_name=name, source_name=name,
            sha256=stored.sha256, byte_count=stored.byte_count,
        )  # fmt: skip
    return document, time.monotonic()


def _until(stores: Stores, document: Document, enough: Callable[[DocumentCounts], bool]) -> float:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with stores.database.transaction() as connection:
            current = get_document(connection, document.id, person=PIPELINE, sealer=stores.sealer)
            if current.failure is not None:
                raise SystemExit(current.failure)
            if enough(count_document(connection, current)):
                return time.monotonic()
        time.sleep(POLL_S)
    raise SystemExit(f"Not done after {PATIENCE_S:.0f} s; see the Dagster run.")


def _chunk_texts(stores: Stores, document: Document) -> list[str]:
    with stores.database.transaction() as connection:
        return [chunk.search_text for chunk in list_chunks(connection, document.id)]


def _read(deck: Path) -> int:
    with pymupdf.open(deck, filetype="pdf") as document:
        for page in document:
            page.get_text("dict")
        return int(document.page_count)


def _timed(work: Callable[[], Any]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def _short(seconds: float) -> float:
    return round(seconds, 2)


if __name__ == "__main__":
    main()
