"""Ten thousand uploads beside a hundred: what a sensor's look and the launch of a run cost when so many are there.

`python -m bench.partitions [--few 100] [--many 10000]` prints JSON. `look_ms`: one look at the rows of decks in which
nothing is new (the least of thirty). `launch_s`: from the committed row to the first asset's begin, on a running system
(median). Then the ratios of the two, which are to stay at or below 1.5: uploads that are done must not cost anything.
"""

import argparse
import json
import statistics
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
from psycopg import sql

from bench.idle import MANY
from bench.ingest import PATIENCE_S, POLL_S, _upload
from pipelines.core.courses import ensure_course
from pipelines.core.partitions import partition_keys
from pipelines.core.settings import REPOSITORY, Settings
from pipelines.core.stages import read_progress
from pipelines.core.stores import Stores
from pipelines.defs.partitions import documents_partitions
from pipelines.defs.sensors import DOCUMENTS, look
from pipelines.runtime import services
from pipelines.runtime.instance import open_instance

DECK = REPOSITORY / "sample" / "wind-power.pdf"
LOOKS, LAUNCHES = 30, 7


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--few", type=int, default=100)
    arguments.add_argument("--many", type=int, default=10_000)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="sb-bench-") as folder:
        settings = Settings(_env_file=None, studybuddy_home=Path(folder), dagster_port=0, api_port=0)  # type: ignore[call-arg]
        services.up(settings, api=False)
        try:
            with Stores.open(settings) as stores, open_instance(settings) as instance:
                few = measure(stores, instance, given.few)
                many = measure(stores, instance, given.many)
        finally:
            services.down(settings)
    ratios = {name: round(many[name] / few[name], 2) for name in ("look_ms", "launch_s")}
    print(json.dumps({"few": few, "many": many, "ratio": ratios}, indent=2))


def measure(stores: Stores, instance: dg.DagsterInstance, uploads: int) -> dict[str, Any]:
    """The figures once so many finished uploads, each with its partition, are there."""
    fill(stores, instance, uploads)
    _launch(stores, f"warm-{uploads}.pdf")
    launches = [_launch(stores, f"{uploads}-{number}.pdf") for number in range(LAUNCHES)]
    looks = []
    for _ in range(LOOKS):
        began = time.perf_counter()
        look(DOCUMENTS, stores, instance, "[]")
        looks.append(1000 * (time.perf_counter() - began))
    return {
        "partitions": len(instance.get_dynamic_partitions(str(documents_partitions.name))),
        "look_ms": round(min(looks), 2),
        "launch_s": round(statistics.median(launches), 2),
    }


def fill(stores: Stores, instance: dg.DagsterInstance, uploads: int) -> None:
    """Finished decks, with the partitions that their sensor would have added, until there are so many."""
    with stores.database.transaction() as connection:
        course = ensure_course(connection, f"Bench of {uploads}")
        connection.execute(MANY.format(course=sql.Literal(course.id), count=sql.Literal(uploads)))
        done = "update documents set second_vectors = true where course_id = %s returning id"
        rows = connection.execute(done, [course.id]).fetchall()
        keys = partition_keys(connection, [row[0] for row in rows])
    with psycopg.connect(stores.database.url, autocommit=True) as connection:
        connection.execute("analyze documents")  # as the server does by itself within a minute
    instance.add_dynamic_partitions(str(documents_partitions.name), sorted(keys.values()))


def _launch(stores: Stores, name: str) -> float:
    """Seconds from the committed row to the begin of the first asset; waits for the whole run."""
    document, _ = _upload(stores, DECK, name)
    with stores.database.transaction() as connection:
        (committed,) = connection.execute("select now()").fetchall()[0]
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with stores.database.transaction() as connection:
            progress = read_progress(connection, [document.id])[document.id]
        if progress.failure is not None:
            raise SystemExit(progress.failure)
        if progress.ended(["slide_images", "slide_embeddings"]):
            began: datetime = progress.stages["slides"].began_at
            return float((began - committed).total_seconds())
        time.sleep(POLL_S)
    raise SystemExit(f"{name} was not done after {PATIENCE_S:.0f} s.")


if __name__ == "__main__":
    main()
