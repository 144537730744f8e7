"""The cost of being there: CPU that services use while nothing happens, and their memory.

`python -m bench.idle [--seconds 60] [--uploads 10000]` prints JSON: percent of one core for each part and in all, after
half a minute to settle. `--uploads` writes that many finished decks first: what is there must not cost anything.
"""

import argparse
import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
from psycopg import sql

from pipelines.core.courses import ensure_course
from pipelines.core.processes import ProcessName
from pipelines.core.settings import Settings
from pipelines.core.stores import Stores
from pipelines.runtime import services

SETTLE_S = 30.0
MANY = sql.SQL("""
    insert into documents (course_id, title, file_name, source_name, sha256, byte_count, requested_generation,
                           owner_id, published)
    select {course}, 'deck', n || '.pdf', n || '.pdf', md5(n::text) || md5('x' || n), 1, 1, local_person(), true
    from generate_series(1, {count}) n
""")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=60.0)
    arguments.add_argument("--uploads", type=int, default=0)
    given = arguments.parse_args()
    home = Path(tempfile.mkdtemp(prefix="sb-bench-"))
    settings = Settings(_env_file=None, studybuddy_home=home, dagster_port=0, api_port=0)  # type: ignore[call-arg]
    try:
        with Stores.open(settings) as stores, stores.database.transaction() as connection:
            course = ensure_course(connection, "Bench")
            connection.execute(MANY.format(course=sql.Literal(course.id), count=sql.Literal(given.uploads)))
        print(json.dumps(measure(services.up(settings), given.seconds, given.uploads), indent=2))
    finally:
        services.down(settings)
        shutil.rmtree(home, ignore_errors=True)


def measure(found: services.Services, seconds: float, uploads: int) -> dict[str, Any]:
    """Percent of a core over `seconds`, by part; the database's processes are one part."""
    time.sleep(SETTLE_S)
    parts = {service.name: service.process for service in found.services}
    processes = {name: _tree(process) for name, process in parts.items()}
    processes["supervisor"] = [psutil.Process(found.supervisor.pid)]
    processes["postgres"] = [p for p in psutil.process_iter() if p.name() == "postgres" and _serves(p, found)]
    before = {name: sum(map(_cpu_s, each)) for name, each in processes.items()}
    time.sleep(seconds)
    percent = {
        name: round(100 * (sum(map(_cpu_s, each)) - before[name]) / seconds, 2) for name, each in processes.items()
    }
    memory = sum(p.memory_full_info().pss for each in processes.values() for p in each if p.is_running())
    return {
        "uploads": uploads,
        "percent_of_a_core": {**percent, "all": round(sum(percent.values()), 2)},
        "memory_mb": round(memory / 1e6),
        "seconds": seconds,
    }


def _tree(process: ProcessName) -> list[psutil.Process]:
    root = psutil.Process(process.pid)
    return [root, *root.children(recursive=True)]


def _serves(process: psutil.Process, found: services.Services) -> bool:
    """Whether it belongs to the database of this home, whose data folder is named by the first of its processes."""
    home = str(found.services[0].log.parents[1])
    line = " ".join(process.cmdline())
    parent = process.parent()
    return home in line or (parent is not None and home in " ".join(parent.cmdline()))


def _cpu_s(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    ended = times.children_user + times.children_system if process.name() == "postgres" else 0.0  # its connections
    return float(times.user + times.system + ended)


if __name__ == "__main__":
    main()
