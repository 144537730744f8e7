"""The command line on lectures, as a person types it: ingest, transcript, search and the alignment's score."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pymupdf
import pytest

from pipelines.core.lecture_slides import list_linked_documents, replace_lecture_slides
from pipelines.core.lectures import get_lecture
from pipelines.core.records import OPERATOR, SlideSpan
from pipelines.core.settings import REPOSITORY, Settings
from pipelines.core.stores import Stores
from tests.defs.lectures import SAMPLE, lecture_captions
from tests.defs.test_documents_graph import scanned
from tests.homes import private_home
from tests.steps.media import tone, wav_bytes

COURSE = "Optimisation"
WORDS = "WEBVTT\n\n00:00.000 --> 00:04.000\nGradient descent follows the slope.\n\n"
MORE = "00:04.000 --> 00:09.000\nMomentum remembers the earlier steps.\n"

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with private_home() as home:
        yield home


@pytest.fixture(scope="module")
def run(home: Path) -> Run:
    environment = {**os.environ, "STUDYBUDDY_HOME": str(home), "PYTHONPATH": str(REPOSITORY), "COLUMNS": "200"}

    def command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        code = "from pipelines.cli import main; main()"
        line = [sys.executable, "-c", code, *map(str, arguments)]
        return subprocess.run(line, env=environment, capture_output=True, text=True, timeout=110, check=False)

    return command


@pytest.fixture(scope="module")
def ingested(run: Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """An ingested folder: captions and their deck, a recording with captions, an empty recording and a note."""
    folder = tmp_path_factory.mktemp("materials")
    (folder / "week1.vtt").write_text(WORDS + MORE)
    (folder / "week2.wav").write_bytes(wav_bytes(tone(8)))
    (folder / "week2.vtt").write_text(WORDS)
    (folder / "empty.mp3").write_bytes(b"")
    with pymupdf.open() as deck:
        deck.new_page().insert_text((40, 80), "Momentum")
        deck.save(folder / "week1.pdf")
        deck.new_page().draw_circle((200, 200), 90, fill=(0.2, 0.4, 0.8))
        deck.save(folder / "pictures.pdf")
        deck.delete_page(0)
        deck.save(folder / "photos.pdf")
    with zipfile.ZipFile(folder / "export.zip", "w") as archive:
        archive.writestr("week9/talk.vtt", WORDS.replace("slope", "hill"))
        archive.writestr("week9/inner.zip", b"PK")
        archive.writestr("../talk.vtt", WORDS)
    (folder / "notes.log").write_text("not for students")
    (folder / os.fsdecode(b"caf\xe9.vtt")).write_text(WORDS)
    (folder / "environment.vtt").symlink_to("/proc/self/environ")
    done = run("ingest", "--course", COURSE, "--json", folder)
    assert done.stdout, done.stderr
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["ok"]) == (1, False)
    return {file["source_name"]: file for file in answer["files"]}


def test_one_command_takes_a_folder_and_says_what_became_of_every_file(ingested):
    assert {name: (file["status"], file["captions"]) for name, file in ingested.items()} == {
        "empty.mp3": ("failed", None), "notes.log": ("skipped", None),
        "caf\\xe9.vtt": ("failed", None), "environment.vtt": ("skipped", None), "week1.vtt": ("ingested", None),
        "week1.pdf": ("ingested", None), "week2.wav": ("ingested", "week2.vtt"), "pictures.pdf": ("ingested", None),
        "photos.pdf": ("failed", None), "export.zip/week9/talk.vtt": ("ingested", None),
        "export.zip/week9/inner.zip": ("failed", None), "export.zip/../talk.vtt": ("failed", None),
    }  # fmt: skip
    assert (ingested["week1.vtt"]["duration_ms"], ingested["week1.vtt"]["chunks"]) == (9000, 1)
    assert ingested["week2.wav"]["duration_ms"] == 8000
    assert ingested["empty.mp3"]["code"] == "empty_file"
    assert (ingested["caf\\xe9.vtt"]["code"], ingested["caf\\xe9.vtt"]["file"]) == ("not_a_file", "caf\\xe9.vtt")
    assert ingested["environment.vtt"]["message"] == "a link that leads out of the folder"


def test_what_of_a_file_could_not_be_read_is_said_and_a_file_without_a_word_has_failed(run, ingested):
    assert ingested["week1.pdf"]["findings"] == []
    (found,) = ingested["pictures.pdf"]["findings"]
    assert (found["code"], found["pages"]) == ("no_text", [2])
    assert ingested["pictures.pdf"]["message"] == f"Page 2: {found['sentence']} {found['advice']}"
    assert ingested["photos.pdf"]["code"] == "no_text"
    assert "No word of photos.pdf could be read. Page 1: something is shown" in ingested["photos.pdf"]["message"]
    listed = json.loads(run("list", "--course", COURSE, "--json").stdout)
    states = {each["name"]: each["state"] for each in listed}
    assert (states["pictures.pdf"], states["photos.pdf"]) == ("ready", "failed")
    shown = json.loads(run("show", "--course", COURSE, "pictures.pdf", "--json").stdout)
    assert [each["finding"] for each in shown["page_list"]] == [None, f"{found['sentence']} {found['advice']}"]


@pytest.mark.slow
def test_a_command_that_attends_to_uploads_itself_ends_when_pictures_of_text_are_read(run, tmp_path):
    (tmp_path / "scan.pdf").write_bytes(scanned("Gradient descent.", "scan:Adam adapts the size of its steps."))
    (file,) = json.loads(run("ingest", "--course", "Scans", "--json", tmp_path).stdout)["files"]
    assert (file["status"], file["findings"], file["message"]) == ("ingested", [], "")
    shown = json.loads(run("show", "--course", "Scans", "scan.pdf", "--json").stdout)
    assert (shown["state"], [page["text_from"] for page in shown["page_list"]]) == ("ready", ["layer", "ocr"])
    assert [stage["state"] for stage in shown["stages"]] == ["done"] * 6


def test_a_deck_beside_a_lecture_of_its_name_is_linked_to_it(home, ingested):
    settings = Settings(_env_file=None, studybuddy_home=home)
    with Stores.open(settings) as stores, stores.database.transaction() as connection:
        (link,) = list_linked_documents(connection, UUID(str(ingested["week1.vtt"]["id"])))
        assert (str(link.document_id), link.given) == (ingested["week1.pdf"]["id"], True)
        assert list_linked_documents(connection, UUID(str(ingested["week2.wav"]["id"]))) == []


def test_search_finds_the_minute(run, ingested):
    (hit,) = json.loads(
        run(
            "search", "--course", COURSE, "--limit", "1", "--kind", "speech", "--json", "What does momentum remember?"
        ).stdout
    )
    assert (hit["kind"], hit["file"], hit["start_ms"], hit["end_ms"]) == ("speech", "week1.vtt", 0, 9000)


@pytest.mark.parametrize("format_name", ["vtt", "srt", "txt", "json"])
def test_a_transcript_comes_in_every_format(run, ingested, format_name):
    text = run("transcript", "week1", "--course", COURSE, "--format", format_name).stdout
    assert "Momentum remembers the earlier steps." in text


def test_what_is_not_there_is_said(run, ingested, tmp_path):
    unknown = run("transcript", "week9", "--course", COURSE)
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert "no lecture named week9" in unknown.stderr
    silent = run("transcript", "empty", "--course", COURSE)
    assert silent.returncode == 1


def test_an_alignment_is_scored_from_the_tables(run, home, ingested, tmp_path):
    lecture_id, document_id = (UUID(str(ingested[name]["id"])) for name in ("week1.vtt", "week1.pdf"))
    span = SlideSpan(start_ms=0, end_ms=4000, document_id=document_id, page=1, confidence=0.9)
    with (
        Stores.open(Settings(_env_file=None, studybuddy_home=home)) as stores,
        stores.database.transaction() as connection,
    ):
        replace_lecture_slides(connection, get_lecture(connection, lecture_id, person=OPERATOR), [span])
    rows = [
        {"captions": "week1.vtt", "deck": "week1.pdf", "pages": [1], "t_start": 0, "t_end": 4},
        {"captions": "week1.vtt", "deck": "deck.pdf", "pages": [2], "t_start": 4, "t_end": 9},
    ]
    path = tmp_path / "spans.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    answer = json.loads(run("evaluate-alignment", path, "--json").stdout)
    assert (answer["scored_ms"], round(answer["accuracy"], 3)) == (9000, round(4 / 9, 3))
    assert run("evaluate-alignment", path, "--course", COURSE).returncode == 0


def test_the_same_folder_again_runs_nothing(run, ingested, tmp_path):
    (tmp_path / "week1.vtt").write_text(WORDS + MORE)
    answer = json.loads(run("ingest", "--course", COURSE, "--json", tmp_path).stdout)
    (file,) = answer["files"]
    assert (file["status"], file["seconds"]) == ("unchanged", 0)


@pytest.mark.slow
def test_files_of_one_name_in_one_command_are_kept_and_told_apart_and_the_same_bytes_twice_are_one(run, tmp_path):
    for folder, text in (("one", WORDS), ("two", WORDS + MORE), ("three", WORDS)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / ("other.vtt" if folder == "three" else "talk.vtt")).write_text(text)
    done = run("ingest", "--course", "Namesakes", "--json", *(tmp_path / name for name in ("one", "two", "three")))
    files = json.loads(done.stdout)["files"]
    assert [(file["source_name"], file["status"]) for file in files] == [
        ("one/talk.vtt", "ingested"), ("two/talk.vtt", "ingested"), ("other.vtt", "duplicate"),
    ]  # fmt: skip
    assert files[0]["message"] == "kept as one/talk.vtt: the course has another talk.vtt"
    assert files[2]["message"] == "the course has these bytes as one/talk.vtt"
    again = run("ingest", "--course", "Namesakes", "--replace", *(tmp_path / name for name in ("one", "two")))
    assert (again.returncode, "two are named talk.vtt" in again.stderr) == (1, True)


@pytest.mark.slow
def test_a_lecture_is_aligned_when_its_deck_comes_later(run, tmp_path):
    (tmp_path / "talk.vtt").write_bytes(lecture_captions())
    assert run("ingest", "--course", "Wind", tmp_path).returncode == 0
    done = run("ingest", "--course", "Wind", SAMPLE / "wind-power.pdf")
    assert done.returncode == 0 and "✓ talk.vtt, aligned again" in done.stderr
    question = "Nobody has ever beaten that number of a German physicist"
    (hit,) = json.loads(run("search", "--course", "Wind", question, "--limit", "1", "--json").stdout)
    assert (hit["kind"], hit["file"]) == ("speech", "talk.vtt") and hit["page"] in {3, 4}
