"""Rates of a fleet on this machine: decks a minute of one Celery worker and of two, launches, and the cost of watching.

`python -m bench.fleet_rates [--decks 6]` prints JSON. `decks_a_minute`: decks whose pages wait for a model that takes
`WAIT_S` for each, as most of a run is waiting where a vision model describes pages, so that two workers of one slot can
do twice as much on two cores; the promise is at least 1.8. `launch_s`: from the committed row to the first step of its
run on a worker that was idle; at most 1.5. `request_us`: CPU that metrics and a trace add to a request, without and
with a collector; at most 1000. Workers are "machines" in network namespaces (`tests/fleet`), which need root. What
becomes of a dead worker's run `make fleet-test` tells.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import uuid4

import pymupdf

from pipelines.core.settings import Settings
from pipelines.core.tracing.spans import export_spans, send_spans, span
from serving.metrics import REQUEST_SECONDS, REQUESTS
from tests.fake_collector import FakeCollector
from tests.fleet.machines import Fleet, fleet, until

WAIT_S = 4.0
PAGES = 4
LAUNCHES = 7
REQUESTS_COUNTED = 5000
OPEN_RUNS = "select 1 from runs where status not in ('SUCCESS', 'FAILURE', 'CANCELED') limit 1"
FIRST_STEP = """
    select extract(epoch from min(e.timestamp) at time zone 'utc')::float8 from event_logs e
    join run_tags t on t.run_id = e.run_id and t.key = 'studybuddy/upload'
    where e.dagster_event_type = 'STEP_START' and t.value = '{upload}:1'
"""
RUNS = """
    select count(*), max(end_time) - min(start_time) from runs
    where status = 'SUCCESS' and pipeline_name = 'process_document'
      and create_timestamp at time zone 'utc' > to_timestamp({since})
"""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--decks", type=int, default=6)
    given = arguments.parse_args()
    found: dict[str, object] = {"request_us": request_us()}
    lacking = [name for name in ("redis-server", "ip", "unshare", "setpriv") if shutil.which(name) is None]
    if lacking or os.geteuid() != 0:
        print("Workers are not measured: that needs root and", ", ".join(lacking) or "nothing else", file=sys.stderr)
    else:
        found |= rates(given.decks)
    print(json.dumps(found, indent=2))


def request_us() -> dict[str, float]:
    """Microseconds of CPU for the metrics and the span of one request; with a collector, those of sending them too."""

    def one() -> float:
        began = time.process_time()
        for _ in range(REQUESTS_COUNTED):
            with span("request") as this:
                this.note(method="GET", route="/api/courses", status=200, user="x" * 36)
                REQUESTS.labels("GET", "2xx").inc()
                REQUEST_SECONDS.observe(0.01)
        return round((time.process_time() - began) / REQUESTS_COUNTED * 1e6, 1)

    one()
    alone, collector = one(), FakeCollector()
    export_spans(Settings(_env_file=None, otel_exporter_otlp_endpoint=collector.url), "bench")  # type: ignore[call-arg]
    one()
    sent = one()
    send_spans()
    collector.close()
    return {"no_collector": alone, "collector": sent}


def rates(decks: int) -> dict[str, object]:
    """Launches on one idle worker, then the decks of one and of two."""
    with fleet() as machines, tempfile.TemporaryDirectory() as name, waiting_model(machines.host) as url:
        machines.environment |= {"MODEL_BASE_URL": url, "VISION_MODEL": "waits", "MODEL_CONCURRENCY": "1"}
        folder = Path(name)
        machines.workers = [machines.worker()]
        launches = [launch_s(machines, folder) for _ in range(LAUNCHES)]
        one = a_minute(machines, folder, decks)
        machines.workers.append(machines.worker())
        two = a_minute(machines, folder, decks)
    return {
        "launch_s": {"median": round(statistics.median(launches), 2), "all": [round(each, 2) for each in launches]},
        "decks_a_minute": {"one_worker": round(one, 2), "two_workers": round(two, 2), "ratio": round(two / one, 2)},
    }


def launch_s(machines: Fleet, folder: Path) -> float:
    """Seconds from the row of a deck to the first step of its run; nothing else is at work."""
    until(lambda: not machines.rows(OPEN_RUNS, "dagster"), 60, "the worker is idle")
    machines.studybuddy("ingest", "--course", "Launches", str(deck(folder, 1)))
    newest = "select id, extract(epoch from created_at)::float8 from documents order by created_at desc limit 1"
    ((upload, written_at),) = machines.rows(newest)
    ((stepped_at,),) = machines.rows(FIRST_STEP.format(upload=upload), "dagster")
    return float(stepped_at) - float(written_at)


def a_minute(machines: Fleet, folder: Path, decks: int) -> float:
    """Decks a minute, from the start of the first run to the end of the last."""
    since = time.time()
    machines.studybuddy("ingest", "--course", "Rates", *(str(deck(folder, PAGES)) for _ in range(decks)))
    ((count, seconds),) = machines.rows(RUNS.format(since=since), "dagster")
    assert count == decks, f"{count} runs of {decks} decks"
    return 60 * decks / float(seconds)


def deck(folder: Path, pages: int) -> Path:
    """A deck of its own words and pictures."""
    path = folder / f"{uuid4().hex[:8]}.pdf"
    with pymupdf.open() as document:
        for number in range(pages):
            page = document.new_page(width=400, height=300)
            page.insert_text((30, 60), f"Page {number + 1} of {path.stem}", fontsize=14)
            page.insert_textbox((30, 80, 370, 280), f"Wind turbines turn moving air into power. {uuid4().hex}")
        document.save(path)
    return path


@contextmanager
def waiting_model(host: str) -> Iterator[str]:
    """The URL of a vision model that takes its time, and none of the processor's."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            time.sleep(WAIT_S)
            message = {"role": "assistant", "content": "A slide about wind."}
            usage = {"prompt_tokens": 100, "completion_tokens": 9, "total_tokens": 109}
            choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
            made = {"id": "c", "object": "chat.completion", "created": 1, "model": "waits", "usage": usage}
            body = json.dumps({**made, "choices": choices}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer((host, 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


if __name__ == "__main__":
    main()
