"""Every notebook runs from top to bottom on the sample course, changes nothing, and is committed without outputs."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import LiteralString

import nbformat
import psycopg
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from pipelines.core.courses import ensure_course, find_course
from pipelines.core.documents import put_document
from pipelines.core.embedded import EmbeddedServer
from pipelines.core.lecture_slides import link_document
from pipelines.core.lectures import put_lecture
from pipelines.core.models.ledger import Caps, Planned, close_call, open_call
from pipelines.definitions import defs
from tests.defs.graphs import key_of, opened
from tests.defs.lectures import lecture_captions

ROOT = Path(__file__).resolve().parents[2]
DECK = ROOT / "sample" / "wind-power.pdf"
LECTURE = "wind-power-lecture.vtt"
CELL_TIMEOUT_S = 100
pytestmark = pytest.mark.timeout(300)  # the first test also ingests the course; alone it takes a tenth of that
STUDYBUDDY = Path(sys.executable).with_name("studybuddy")


@dataclass(frozen=True)
class SampleCourse:
    """A home of its own where the sample deck and captions of its lecture were processed: its settings as variables, and its database's URL."""

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

    @contextmanager
    def other_spans(self, statement: LiteralString) -> Iterator[None]:
        """Have an alignment that `statement` changes, while inside."""
        with psycopg.connect(self.database_url) as connection:
            connection.execute("create table spans_kept as select * from lecture_slides")
            connection.execute(statement)
        try:
            yield
        finally:
            with psycopg.connect(self.database_url) as connection:
                connection.execute("delete from lecture_slides")
                connection.execute("insert into lecture_slides select * from spans_kept")
                connection.execute("drop table spans_kept")

    def chunk_ids(self) -> list[str]:
        """Every chunk, word and vector there is."""
        query = (
            "select 'chunk', id from ai.slide_chunks_knowledge union all select 'chunk', id from ai.lecture_chunks_knowledge "
            "union all select 'words', chunk_id from ai.chunk_terms "
            "union all select 'vector', chunk_id from ai.chunk_embeddings order by 1, 2"
        )
        with psycopg.connect(self.database_url) as connection:
            return [f"{kind} {chunk_id}" for kind, chunk_id in connection.execute(query)]


@pytest.fixture(scope="module")
def course(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleCourse]:
    """The sample course, made by the jobs that the sensors ask for."""
    folder = tmp_path_factory.mktemp("notebooks")
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("create database notebooks template template_app")
    url = server.url("notebooks")
    with pytest.MonkeyPatch.context() as patch, opened(folder, url, patch) as (stores, instance):
        deck, captions = (stores.files.add(io.BytesIO(data)) for data in (DECK.read_bytes(), lecture_captions()))
        with stores.database.transaction() as written:
            course_id = ensure_course(written, "Sample course").id
            document, _ = put_document(
                written, sealer=stores.sealer, course_id=course_id, title="wind-power.pdf", file_name=DECK.name,
                source_name=DECK.name, sha256=deck.sha256, byte_count=deck.byte_count,
            )  # fmt: skip
            lecture, _ = put_lecture(
                written, course_id=course_id, title="wind-power-lecture", file_name=LECTURE, source_name=LECTURE,
                captions_name=LECTURE, captions_sha256=captions.sha256, byte_count=captions.byte_count,
            )  # fmt: skip
            link_document(written, lecture.id, document.id)
        for upload, partitions, job in (
            (document, "documents", "process_document"),
            (lecture, "lectures", "process_lecture"),
        ):
            key = key_of(stores, upload)
            instance.add_dynamic_partitions(partitions, [key])
            assert defs.resolve_job_def(job).execute_in_process(partition_key=key, instance=instance).success
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


def test_a_lecture_is_shown_slide_by_slide_with_what_was_said_and_its_chunks(course: SampleCourse) -> None:
    before = course.chunk_ids()
    notebook = course.run("01_read_one_lecture")
    facts, counts, slides, chunks = outputs(notebook, "text/html")
    assert "/runs/" in facts
    assert "captions" in facts
    assert "<td>3:47</td>" in counts
    assert slides.count("data:image/webp;base64,") == slides.count("confidence ") == 8
    third = slides.partition("page 3: ")[2].partition("</tr>")[0]
    assert "Here is the only formula of today." in third
    assert "opens page 3, said at 0:5" in third
    assert "opens the recording at " in third
    assert chunks.count("page ") == 4
    assert len(outputs(notebook, "image/png")) == 1
    assert "page 5: " in outputs(notebook, "text/markdown")[-1]  # the first frame of the animated slide
    assert warnings_in(notebook) == []
    assert course.chunk_ids() == before


def test_talk_that_belongs_to_no_slide_is_shown_last(course: SampleCourse) -> None:
    with course.other_spans("update lecture_slides set document_id = null, page = null where page = 3"):
        notebook = course.run("01_read_one_lecture")
    _, counts, slides, _ = outputs(notebook, "text/html")
    assert "<td>0:27</td>" in counts or "<td>0:28</td>" in counts or "<td>0:29</td>" in counts
    assert "page 3: " not in slides
    assert "Here is the only formula of today." in slides.partition("<b>no slide</b>")[2]
    assert warnings_in(notebook) == []


def test_a_lecture_without_slides_is_shown_by_its_speech(course: SampleCourse) -> None:
    with course.other_spans("delete from lecture_slides"):
        notebook = course.run("01_read_one_lecture")
    told = outputs(notebook, "text/markdown")
    assert "is not aligned" in told[0]
    assert told[1] == "No slide of the course belongs to the lecture."
    assert len(outputs(notebook, "image/png")) == 1
    assert "Good morning" in outputs(notebook, "text/html")[-1]
    assert warnings_in(notebook) == []


def test_a_deck_is_shown_page_by_page_and_a_questions_hits_are_drawn(course: SampleCourse) -> None:
    notebook = course.run("05_read_one_deck")
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
        course.run("05_read_one_deck", DECK="nothing.pdf")


def test_chunk_sizes_are_compared_and_nothing_of_it_stays(course: SampleCourse) -> None:
    before = course.chunk_ids()
    notebook = course.run("02_compare_chunking", MAX_TOKENS=[48, 256])
    (table,) = outputs(notebook, "text/html")
    assert [table.count(f">{side}<") for side in ("both", "meaning", "words")] == [8, 8, 8]  # 4 chunkers, 2 kinds
    assert [table.count(f">{name}<") for name in ("48", "256", "standard", "short")] == [1, 1, 1, 1]
    assert len(outputs(notebook, "image/png")) == 1
    assert warnings_in(notebook) == []
    assert before
    assert course.chunk_ids() == before


def test_the_evaluation_notebook_gives_the_commands_figures(course: SampleCourse) -> None:
    asked = (ROOT / "sample" / "questions.jsonl").read_text().splitlines(keepends=True)
    questions_file = course.home / "about_slides.jsonl"
    questions_file.write_text("".join(line for line in asked if json.loads(line)["kind"] == "slide"))
    notebook = course.run("03_evaluate_retrieval", QUESTIONS=str(questions_file), GOOD_RANK=10)
    command = [STUDYBUDDY, "evaluate", "--course", "Sample course", "--json", questions_file]
    done = subprocess.run(command, env=course.environment, cwd=ROOT, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)["slide"]
    figures, questions = outputs(notebook, "text/html")
    assert "95 % interval" in figures
    assert all(f"{round(told[name], 3)}" in figures for name in ("recall@1", "recall@5", "mrr@10"))
    assert "Where are floating turbines taken to be repaired?" in questions
    assert "No question failed: every right place came among the first 10 hits." in outputs(notebook, "text/markdown")
    assert len(outputs(notebook, "image/png")) == 2
    assert warnings_in(notebook) == []


def test_failures_are_shown_with_what_was_asked_about_and_what_came_first(course: SampleCourse) -> None:
    asked = (ROOT / "sample" / "questions.jsonl").read_text().splitlines()
    asked.append('{"id": "far", "kind": "none", "question": "Who won the football match?"}')
    asked.append('{"id": "lost", "kind": "slide", "file": "lost.pdf", "question": "What is lost?", "pages": [1]}')
    questions_file = course.home / "failures.jsonl"
    questions_file.write_text("\n".join(asked))
    notebook = course.run("03_evaluate_retrieval", QUESTIONS=str(questions_file), GOOD_RANK=0)
    figures, failures, _ = outputs(notebook, "text/html")
    assert ">8</td>" in figures
    assert "13 of 13 questions, 12 of them here." in outputs(notebook, "text/markdown")
    worst = failures.partition("</table>")[0].partition("</tr><tr><td colspan")[0]
    assert "What is lost?" in worst
    assert "not among the first 10" in worst
    assert "not in the course" in worst
    assert failures.count("data:image/webp;base64,") > 7
    assert "<blockquote>" in failures
    assert "football" not in failures
    assert warnings_in(notebook) == []


def test_searches_uploads_and_calls_to_models_tell_what_they_cost(course: SampleCourse) -> None:
    before = course.chunk_ids()
    notebook = course.run("04_cost_and_latency", REPEATS=2)
    summary, uploads = outputs(notebook, "text/html")
    assert "whole, 24 searches" in summary
    assert all(name in summary for name in ("embedding", "database", "p50 (ms)", "p95 (ms)"))
    assert "9 pages" in uploads
    assert "3.8 min" in uploads
    assert uploads.count("/runs/") == 2
    assert "all 2 uploads" in uploads
    assert len(outputs(notebook, "image/png")) == 4
    told = " ".join(outputs(notebook, "text/markdown"))
    assert "No call to a model is known" in told
    assert "No vision model is configured (`VISION_MODEL`); 9 slides have no description." in told
    assert warnings_in(notebook) == []
    assert course.chunk_ids() == before


def test_paid_calls_are_summed_and_what_descriptions_would_cost_is_estimated(course: SampleCourse) -> None:
    with psycopg.connect(course.database_url) as connection:
        course_id = find_course(connection, "Sample course").id
        for _ in range(2):
            planned = Planned(
                person_id=None, course_id=course_id, run_id=None, purpose="description", model="sees-well", own_key=False
            )
            call_id = open_call(connection, planned, Caps())
            close_call(connection, call_id, failed=False, prompt_tokens=9, completion_tokens=9, cost_usd=0.02)
    paying = replace(course, environment=course.environment | {"VISION_MODEL": "sees-well"})
    try:
        notebook = paying.run("04_cost_and_latency", REPEATS=1)
    finally:
        with psycopg.connect(course.database_url) as connection:
            connection.execute("delete from model_calls")
    spending = outputs(notebook, "text/html")[-1]
    assert all(shown in spending for shown in ("description", "sees-well", ">2<", "0.0400", "0.0200"))
    assert len(outputs(notebook, "image/png")) == 5
    told = " ".join(outputs(notebook, "text/markdown"))
    assert "9 slides have no description; making them with sees-well would cost about 0.18 USD." in told
    assert warnings_in(notebook) == []


def test_an_upload_that_waits_has_cost_nothing_yet(course: SampleCourse) -> None:
    with psycopg.connect(course.database_url) as connection:
        put_lecture(
            connection, course_id=ensure_course(connection, "Waiting course").id, title="w", file_name="w.vtt",
            source_name="w.vtt", captions_name="w.vtt", captions_sha256="a" * 64, byte_count=1000,
        )  # fmt: skip
    notebook = course.run("04_cost_and_latency", COURSE="Waiting course", REPEATS=1)
    assert "w.vtt" in outputs(notebook, "text/html")[1]
    assert "No stage of an upload of this course has ended yet." in outputs(notebook, "text/markdown")
    assert len(outputs(notebook, "image/png")) == 2
    assert warnings_in(notebook) == []


def test_rules_of_ranking_are_tried_and_the_best_is_judged_on_other_questions(course: SampleCourse) -> None:
    before = course.chunk_ids()
    asked = (ROOT / "sample" / "questions.jsonl").read_text().splitlines()
    asked.append('{"id": "far", "kind": "none", "question": "Who won the football match?"}')
    asked.append('{"id": "lost", "kind": "slide", "file": "lost.pdf", "question": "What is lost?", "pages": [1]}')
    about_slides = [line for line in asked if json.loads(line)["kind"] != "speech"]
    (course.home / "trial_slides.jsonl").write_text("\n".join(about_slides))
    notebook = course.run("06_trials", QUESTIONS=[str(course.home / "trial_*.jsonl")], FOLDS=3)
    assert any("7 questions under 20 rules; 1 about files" in text for text in outputs(notebook, "text/plain"))
    table, folds = outputs(notebook, "text/html")
    assert all(rules in table for rules in ("as it is", "meaning alone", "no bonus for slides", "no second vectors"))
    assert folds.count("<tr>") == 1 + 3
    assert len(outputs(notebook, "image/png")) == 2
    assert warnings_in(notebook) == []
    command = [STUDYBUDDY, "evaluate", "--course", "Sample course", "--json", ROOT / "sample" / "questions.jsonl"]
    done = subprocess.run(command, env=course.environment, cwd=ROOT, capture_output=True, text=True, check=True)
    mrr = json.loads(done.stdout)["slide"]["mrr@10"]
    assert f"{mrr:.3f}" in table.partition(">as it is<")[2].partition("</tr>")[0]
    assert course.chunk_ids() == before


def test_questions_that_are_all_about_other_files_are_no_trial(course: SampleCourse) -> None:
    lost = course.home / "lost.jsonl"
    lost.write_text('{"id": "lost", "kind": "slide", "file": "lost.pdf", "question": "What is lost?", "pages": [1]}')
    with pytest.raises(CellExecutionError, match=r"No question of \['lost\.jsonl'\] is about a file of Sample course"):
        course.run("06_trials", QUESTIONS=[str(lost)])


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_no_outputs_are_committed(path: Path) -> None:
    for cell in nbformat.read(path, as_version=4).cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_figures_of_a_notebook_are_saved_where_it_is_asked_for_alone(course: SampleCourse) -> None:
    saved = "select set_name, notebook, parameters, figures from notebook_results"
    with psycopg.connect(course.database_url) as connection:
        assert connection.execute(saved).fetchall() == [], "the runs before saved nothing"
        notebook = course.run("03_evaluate_retrieval", SAVE=True)
        (kept,) = connection.execute(saved).fetchall()
    assert kept[:3] == (
        "local/all-MiniLM-L6-v2-int8:384", "03_evaluate_retrieval", {"QUESTIONS": "questions.jsonl"}
    )  # fmt: skip
    assert kept[3]["slide"]["n"] > 0 and len(kept[3]["questions"]) == 12
    assert "Saved as result" in outputs(notebook, "text/markdown")[-1]
