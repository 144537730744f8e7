"""Every notebook runs from top to bottom on the sample course, changes nothing, and is committed without outputs."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psycopg
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from pipelines.core.courses import ensure_course
from pipelines.core.documents import put_document
from pipelines.core.embedded import EmbeddedServer
from pipelines.definitions import defs
from tests.defs.graphs import key_of, opened

ROOT = Path(__file__).resolve().parents[2]
DECK = ROOT / "sample" / "wind-power.pdf"
CELL_TIMEOUT_S = 100
pytestmark = pytest.mark.timeout(300)  # the first test also ingests the course; alone it takes a tenth of that
STUDYBUDDY = Path(sys.executable).with_name("studybuddy")


@dataclass(frozen=True)
class SampleCourse:
    """A home of its own where the sample deck was processed: its settings as variables, and its database's URL."""

    environment: dict[str, str]
    database_url: str
    home: Path

    def run(self, name: str, **parameters: object) -> nbformat.NotebookNode:
        """The notebook with its outputs, run in a kernel of its own; `parameters` replace those of its tagged cell."""
        notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
        (tagged,) = (n for n, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", []))
        changed = "\n".join(f"{key} = {value!r}" for key, value in parameters.items())
        notebook.cells.insert(tagged + 1, nbformat.v4.new_code_cell(changed))
        client = NotebookClient(
            notebook,
            timeout=CELL_TIMEOUT_S,
            kernel_name="python3",
            resources={"metadata": {"path": str(self.home)}},  # not the checkout: parameters must not depend on it
        )
        client.execute(env=self.environment)
        return notebook

    def chunk_ids(self) -> list[str]:
        """Every chunk, word and vector there is."""
        query = (
            "select 'chunk', id from ai.slide_chunks_knowledge union all select 'words', chunk_id from ai.chunk_terms "
            "union all select 'vector', chunk_id from ai.chunk_embeddings order by 1, 2"
        )
        with psycopg.connect(self.database_url) as connection:
            return [f"{kind} {chunk_id}" for kind, chunk_id in connection.execute(query)]


@pytest.fixture(scope="module")
def course(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleCourse]:
    """The sample course, made by the job that the sensor asks for."""
    folder = tmp_path_factory.mktemp("notebooks")
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("create database notebooks template template_app")
    url = server.url("notebooks")
    with pytest.MonkeyPatch.context() as patch, opened(folder, url, patch) as (stores, instance):
        stored = stores.files.add(io.BytesIO(DECK.read_bytes()))
        with stores.database.transaction() as written:
            document, _ = put_document(
                written, sealer=stores.sealer, course_id=ensure_course(written, "Sample course").id,
                title="wind-power.pdf", file_name=DECK.name, source_name=DECK.name, sha256=stored.sha256,
                byte_count=stored.byte_count,
            )  # fmt: skip
        key = key_of(stores, document)
        instance.add_dynamic_partitions("documents", [key])
        job = defs.resolve_job_def("process_document")
        assert job.execute_in_process(partition_key=key, instance=instance).success
        environment = dict(os.environ)
    yield SampleCourse(environment, url, folder / "home")
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("drop database notebooks with (force)")


def outputs(notebook: nbformat.NotebookNode, kind: str) -> list[str]:
    """What the cells show as `kind`, in order."""
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output["data"][kind] for output in shown if kind in output.get("data", {})]


def warnings_in(notebook: nbformat.NotebookNode) -> list[str]:
    """Warnings among what was written to the error stream (matplotlib also tells there that it looks for fonts)."""
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output["text"] for output in shown if output.get("name") == "stderr" and "Warning" in output["text"]]


def test_a_deck_is_shown_page_by_page_and_a_questions_hits_are_drawn(course: SampleCourse) -> None:
    notebook = course.run("01_read_one_deck")
    facts, _, pages, hits = outputs(notebook, "text/html")
    assert "/runs/" in facts  # the run is named, with a link to it
    assert pages.count("data:image/webp;base64,") == 9
    assert "page 6, printed 5 / 8" in pages
    assert "of page 5 and 6" in pages  # two frames, one chunk
    assert "Table: three kinds of wind farm compared" in hits.partition("</tr>\n    <tr>")[0]
    assert len(outputs(notebook, "image/png")) == 1
    assert warnings_in(notebook) == []


def test_a_deck_that_is_not_there_is_told_with_those_that_are(course: SampleCourse) -> None:
    with pytest.raises(CellExecutionError, match=r"has no nothing\.pdf; it has \['wind-power\.pdf'\]"):
        course.run("01_read_one_deck", DECK="nothing.pdf")


def test_chunk_sizes_are_compared_and_nothing_of_it_stays(course: SampleCourse) -> None:
    before = course.chunk_ids()
    notebook = course.run("02_compare_chunking", MAX_TOKENS=[48, 256])
    (table,) = outputs(notebook, "text/plain")[1:2]
    assert [table.count(side) for side in ("both", "meaning", "words")] == [2, 2, 2]
    assert len(outputs(notebook, "image/png")) == 1
    assert warnings_in(notebook) == []
    assert before
    assert course.chunk_ids() == before


def test_the_evaluation_notebook_gives_the_commands_figures(course: SampleCourse) -> None:
    asked = (ROOT / "sample" / "questions.jsonl").read_text().splitlines(keepends=True)
    questions_file = course.home / "about_slides.jsonl"
    questions_file.write_text("".join(line for line in asked if json.loads(line)["kind"] == "slide"))
    notebook = course.run("03_evaluate_retrieval", QUESTIONS=str(questions_file))
    command = [STUDYBUDDY, "evaluate", "--course", "Sample course", "--json", questions_file]
    done = subprocess.run(command, env=course.environment, cwd=ROOT, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)["slide"]
    figures, questions = outputs(notebook, "text/html")
    assert all(f"{round(told[name], 3)}" in figures for name in ("recall@1", "recall@5", "mrr@10"))
    assert "Where are floating turbines taken to be repaired?" in questions
    assert warnings_in(notebook) == []


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_no_outputs_are_committed(path: Path) -> None:
    for cell in nbformat.read(path, as_version=4).cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
