"""`studybuddy questions`, at the command line: whole files become versions, files with a fault leave nothing."""

import json
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from pipelines.cli import make_app
from pipelines.core.courses import ensure_course
from pipelines.core.documents import put_document
from pipelines.core.lectures import put_lecture
from pipelines.core.records import Person
from tests.defs.graphs import opened

SLIDE = {"id": "d1", "kind": "slide", "file": "decks/week1.pdf", "question": "Why?", "pages": [2]}
SPEECH = {"id": "t1", "kind": "speech", "file": "talk.srt", "question": "When?", "t_start": 8, "t_end": 20}
NONE = {"id": "n1", "kind": "none", "question": "Who won?"}


@pytest.fixture
def stores(tmp_path, database_url, monkeypatch):
    """A course with a deck of three pages and a lecture of ten seconds, whose captions have its name."""
    with opened(tmp_path, database_url, monkeypatch) as (stores, _):
        with stores.database.transaction() as connection:
            course = ensure_course(connection, "c").id
            deck, _ = put_document(
                connection, sealer=stores.sealer, course_id=course, title="week1.pdf", file_name="week1.pdf",
                source_name="week1.pdf", sha256=uuid4().hex * 2, byte_count=1,
            )  # fmt: skip
            lecture, _ = put_lecture(
                connection, course_id=course, title="talk.mp4", file_name="talk.mp4", source_name="talk.mp4",
                byte_count=1, captions_sha256=None, captions_name=None, media_sha256=uuid4().hex * 2,
            )  # fmt: skip
            connection.execute("update lectures set duration_ms = 10000 where id = %s", [lecture.id])
            for page in (1, 2, 3):
                connection.execute(
                    "insert into slides (course_id, document_id, page, title, body, furniture, text_source, junk_chars,"
                    " frame_group, width_pt, height_pt, source_sha256, code_version)"
                    " values (%s, %s, %s, '', 'words', '', 'layer', 0, %s, 1, 1, %s, '1')",
                    [course, deck.id, page, page, deck.sha256],
                )
        yield stores


@pytest.fixture
def bring(stores, tmp_path):
    def run(*rows, code=0):
        file = tmp_path / "asked.jsonl"
        file.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
        return type_in("questions", "import", str(file), "--course", "c", code=code)

    return run


def type_in(*line, code=0, answers=None):
    result = CliRunner().invoke(make_app(line[:1]), line, input=answers)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return " ".join(result.output.split())


def versions():
    kept = json.loads(type_in("questions", "list", "--course", "c", "--json"))
    return [(version["version"], version["questions"]) for version in kept]


def test_each_import_of_other_questions_is_a_version_and_the_same_again_is_none(bring):
    assert "2 questions are version 1" in bring(SLIDE, "", SPEECH)
    assert "Version 1 of c has these very questions" in bring(SLIDE, SPEECH)
    assert "3 questions are version 2" in bring(SLIDE, SPEECH, NONE)
    assert "1 questions are version 3" in bring(SLIDE)
    assert versions() == [(3, 1), (2, 3), (1, 2)]
    assert "asked.jsonl" in type_in("questions", "list", "--course", "c")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ({**SLIDE, "id": "d2", "file": "week9.pdf"}, "line 2: the course has no deck week9.pdf"),
        ({**SPEECH, "file": "other.srt"}, "line 2: the course has no lecture other.srt"),
        ({**SLIDE, "id": "d2", "pages": [2, 4]}, "line 2: week1.pdf has 3 pages, and no page 4"),
        ({**SPEECH, "t_start": 10, "t_end": 12}, "line 2: talk.srt ends after 10 s, before 10 s"),
        (SLIDE, "line 2: the id d1 is used twice, first in line 1"),
        ("{", "line 2: "),
    ],
)
def test_a_file_with_a_bad_line_is_refused_by_that_line_and_nothing_of_it_is_kept(bring, line, reason):
    bring(SLIDE)
    assert reason in bring(SLIDE, line, NONE, code=1)
    assert versions() == [(1, 1)]


def test_an_empty_file_and_an_unknown_course_are_told(bring, tmp_path):
    assert "has no questions" in bring("", code=1)
    assert "no course" in type_in("questions", "list", "--course", "nothing", code=1).lower()
    assert versions() == []
    assert "There are no questions yet" in type_in("questions", "list", "--course", "c")


def test_a_course_is_evaluated_with_the_newest_version_of_its_own_questions(bring):
    assert "c has no questions" in type_in("evaluate", "--course", "c", code=1)
    bring(SLIDE)
    bring(NONE, {**NONE, "id": "n2"})
    told = json.loads(type_in("evaluate", "--course", "c", "--json"))
    assert (told["slide"]["n"], told["none"]) == (0, {"n": 2, "refused": 1.0})


def test_questions_that_nothing_of_the_course_can_answer_are_named_and_alone_refused(stores, tmp_path):
    file = tmp_path / "asked.jsonl"
    lost, beyond = {**SLIDE, "id": "d2", "file": "lost.pdf"}, {**SLIDE, "id": "d3", "pages": [9]}
    file.write_text("\n".join(map(json.dumps, [SLIDE, lost, beyond])))
    told = "line 2: the course has no deck lost.pdf; line 3: week1.pdf has 3 pages, and no page 9."
    assert told in type_in("evaluate", str(file), "--course", "c")
    file.write_text(json.dumps(lost))
    assert "asked.jsonl, line 1: the course has no deck lost.pdf." in type_in(
        "evaluate", str(file), "--course", "c", code=1
    )
    assert "No such file" in type_in("evaluate", str(tmp_path / "none.jsonl"), "--course", "c", code=1)
    file.write_bytes(b"\xff\xfe")
    assert "is not text in UTF-8" in type_in("evaluate", str(file), "--course", "c", code=1)


def test_only_who_teaches_sees_a_courses_questions(bring, stores):
    bring(SLIDE)
    with stores.database.transaction() as connection:
        course = ensure_course(connection, "c").id
        people = {}
        for name, role in {"ada": "teacher", "ben": "student", "eve": None}.items():
            row = connection.execute("insert into users (issuer, subject) values ('i', %s) returning id", [name])
            people[name] = Person(id=row.fetchone()[0])
            if role:
                connection.execute("insert into user_courses values (%s, %s, %s)", [people[name].id, course, role])
    seen = {}
    for name, person in people.items():
        with stores.database.transaction(as_person=person) as connection:
            seen[name] = connection.execute("select count(*) from question_sets").fetchone()[0]
    assert seen == {"ada": 1, "ben": 0, "eve": 0}
