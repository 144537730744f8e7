"""Time from the committed row to searchable speech: caption files one after the other, and a recording.

`python -m bench.lectures` prints JSON. `captions_s_each`: `studybuddy ingest` of all caption files of one course in one
command, orchestration included, divided by their number. `recording_s`: one recording from its upload to the first
chunk that can be found, and `recording_minutes` how long it is; most of it is recognition (`bench.speech`).
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from pipelines.core import embedded
from pipelines.core.settings import REPOSITORY

CAPTIONS = REPOSITORY.parent / "shared/data/captions/hf-course"
LECTURE = REPOSITORY / "sample/wind-power-lecture.ogg"


def ingest(home: Path, course: str, path: Path) -> tuple[float, list[dict[str, Any]]]:
    """Seconds of one command, and what it says of every file."""
    code = "from pipelines.cli import main; main()"
    command = [sys.executable, "-c", code, "ingest", "--course", course, "--json", str(path)]
    environment = {**os.environ, "STUDYBUDDY_HOME": str(home), "PYTHONPATH": str(REPOSITORY)}
    began = time.monotonic()
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return time.monotonic() - began, json.loads(done.stdout)["files"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("captions", type=Path, nargs="?", default=CAPTIONS)
    parser.add_argument("--recording", type=Path, default=LECTURE)
    asked = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="sb-bench-"))
    try:
        figures: dict[str, Any] = {}
        seconds, files = ingest(home, "Recording", asked.recording)
        figures["recording_minutes"] = round(files[0]["duration_ms"] / 60_000, 1)
        figures["recording_s"] = round(seconds, 1)
        if asked.captions.exists():
            seconds, files = ingest(home, "Captions", asked.captions)
            taken = [file for file in files if file["status"] == "ingested"]
            figures |= {"captions_files": len(taken), "captions_s_each": round(seconds / len(taken), 2)}
        print(json.dumps(figures, indent=1))
    finally:
        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
