"""Rules of ranking on material they were not chosen on: each trial's figures, and the best cross-validated.

`python -m bench.trials` makes the courses of `own_courses.py` in a home of its own, asks their questions by the
notebook `06_trials`, and prints JSON: by course and row recall@5 and MRR@10 under each of the rules, with the p of the
difference, and which rules were chosen on four fifths of the questions, with their MRR@10 on the last fifth.
`--notebooks` keeps the notebooks with their plots in a folder. Courses whose material is not at `../shared/data` are
left out.
"""

import argparse
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from bench.own_courses import SHARED, Course, Question, fill_cranfield, fill_spoken, fill_squad
from pipelines.core import embedded
from pipelines.core.settings import REPOSITORY, get_settings
from pipelines.core.stores import Stores

NOTEBOOK = REPOSITORY / "notebooks/06_trials.ipynb"
TOLD = """
print(trials.to_json(orient="records"))
print(pd.DataFrame(chosen_by_fold).to_json(orient="records"))
"""


def fill(home: Path, wanted: Sequence[str], seed: int, most: int) -> list[str]:
    """Makes these courses (none: all that can be) and the files of their questions, one a row; their names."""
    makers: dict[str, Callable[[Course], dict[str, list[Question]]]] = {"spoken": partial(fill_spoken, seed=seed)}
    if SHARED.is_dir():
        makers |= {"cranfield": fill_cranfield, "squad": partial(fill_squad, seed=seed, most=most)}
    with Stores.open() as stores:
        found = {name: makers[name](Course(stores, name)) for name in wanted or makers}
    for course, rows in found.items():
        (home / course).mkdir()
        for row, questions in rows.items():
            (home / course / f"{row}.jsonl").write_text("\n".join(map(json.dumps, questions)))
    return list(found)


def run(home: Path, course: str, keep: Path | None) -> dict[str, Any]:
    """The notebook on one course: what it found."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    (tagged,) = (n for n, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", []))
    given = f"\nCOURSE = {course!r}\nQUESTIONS = [{str(home / course / '*.jsonl')!r}]"
    notebook.cells[tagged].source += given
    notebook.cells.append(nbformat.v4.new_code_cell(TOLD))
    NotebookClient(notebook, timeout=3600, resources={"metadata": {"path": str(home)}}).execute()
    if keep is not None:
        nbformat.write(notebook, keep / f"06_trials_{course}.ipynb")
    trials, folds = map(json.loads, notebook.cells[-1].outputs[0].text.strip().splitlines())
    rows: dict[str, Any] = {}
    for each in trials:
        row = rows.setdefault(each["asked about"], {"n": each["n"]})
        figures = {"recall@5": each["recall@5"], "mrr@10": each["MRR@10"], "p": each["p"]}
        row[each["rules"]] = {name: round(value, 3) for name, value in figures.items()}
    return {"rows": rows, "folds": folds}


def main() -> None:
    """Make, ask, print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--questions", type=int, default=200, help="of spoken-squad")
    options.add_argument("--notebooks", type=Path)
    options.add_argument("--course", action="append", help="only these")
    given = options.parse_args()
    home = Path(tempfile.mkdtemp(prefix="sb-bench-"))
    os.environ |= {"STUDYBUDDY_HOME": str(home), "PYTHONPATH": str(REPOSITORY)}
    get_settings.cache_clear()
    try:
        courses = fill(home, given.course or (), given.seed, given.questions)
        found = {course: run(home, course, given.notebooks) for course in courses}
        print(json.dumps(found, indent=1))
    finally:
        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
