"""The commands on what a course holds, as a person types them: list, show, rename, delete, courses and files."""

import io
import json

import pytest
from typer.testing import CliRunner

from pipelines.cli import details, make_app
from pipelines.core.chunks import replace_slide_chunks
from pipelines.core.courses import ensure_course
from pipelines.core.description_refusals import put_description_refusal
from pipelines.core.documents import put_document
from pipelines.core.errors import ProviderRefusedError
from pipelines.core.findings import replace_findings
from pipelines.core.records import Chunk, Finding, Slide, make_chunk_id
from pipelines.core.slides import replace_slides
from pipelines.core.uploads import begin_run, begin_stage, fail_upload
from pipelines.definitions import defs
from tests.defs.graphs import opened


@pytest.fixture
def stores(tmp_path, database_url, monkeypatch):
    with opened(tmp_path, database_url, monkeypatch) as (stores, _):
        yield stores


@pytest.fixture
def type_in(stores):
    def run(*line, code=0, answer=None):
        result = CliRunner().invoke(make_app(line[:1]), line, input=answer)
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return result.output

    return run


@pytest.fixture
def deck(stores):
    def make(name="week1.pdf", data=b"deck", course="Physics"):
        stored = stores.files.add(io.BytesIO(data))
        with stores.database.transaction() as connection:
            course_id = ensure_course(connection, course).id
            return put_document(
                connection, sealer=stores.sealer, course_id=course_id, title="t", file_name=name, source_name=name,
                sha256=stored.sha256, byte_count=len(data),
            )[0]  # fmt: skip

    return make


def page(number, body, source="layer"):
    return Slide(
        page=number, page_label=None, title=f"Title {number}" if body else "", body=body, furniture="", section=None,
        text_source=source, junk_chars=0, frame_group=number, image_sha256=None, width_pt=1, height_pt=1,
    )  # fmt: skip


def process(stores, document, *bodies):
    """Write the deck's slides and one chunk as a run does that has come so far."""
    with stores.database.transaction() as connection:
        begin_run(connection, document, run_id="run")
        held = begin_stage(connection, document, stage="slides", run_id="run", whole=True)
        slides = [page(number, body, "layer" if body else "none") for number, body in enumerate(bodies, 1)]
        replace_slides(connection, held, slides, title="t", code_version="1")
        chunk = Chunk(
            id=make_chunk_id(document.id, "1", bodies[0], 0), course_id=document.course_id, kind="slide",
            source_id=document.id, ordinal=0, title="t", context="", text=bodies[0], token_count=1, page=1, pages=(1,),
        )  # fmt: skip
        held = begin_stage(connection, document, stage="slide_chunks", run_id="run", whole=True)
        replace_slide_chunks(connection, held, [chunk], chunker_version="1")
    return held


def test_list_and_show_tell_how_far_a_file_has_come_and_which_pages_lack_text(stores, deck, type_in):
    process(stores, deck(), "Newton", "")
    deck("week2.pdf", b"other")
    listed = json.loads(type_in("list", "--course", "Physics", "--json"))
    assert [(each["name"], each["state"], each["pages"], each["chunks"]) for each in listed] == [
        ("week1.pdf", "processing", 2, 1), ("week2.pdf", "waiting", 0, 0),
    ]  # fmt: skip
    shown = json.loads(type_in("show", "--course", "Physics", "week1", "--json"))
    stages = {stage["stage"]: (stage["state"], stage["rows"]) for stage in shown["stages"]}
    assert stages["slides"] == ("running", 2)
    assert stages["slide_embeddings"] == ("waiting", 0)
    assert [each["finding"] for each in shown["page_list"]] == [None, "no text was found on it"]
    assert "no text was found on it" in type_in("show", "--course", "Physics", "week1.pdf")
    assert "week2.pdf" in type_in("list", "--course", "Physics")


def test_list_and_show_say_of_every_page_what_could_not_be_read_and_what_to_do(stores, deck, type_in):
    held = process(stores, deck(), "Newton", "", "Pascal")
    inside = Finding(
        code="files_inside", sentence="files inside were not read (a\x1b[2J.doc).", advice="Take them out."
    )
    missing = Finding(code="no_text", sentence="something is shown, but no words.", advice="Add them as text.", page=2)
    with stores.database.transaction() as connection:
        replace_findings(connection, held, [inside, missing])
    shown = json.loads(type_in("show", "--course", "Physics", "week1", "--json"))
    found = [(each["code"], each["sentence"], each["advice"], each["pages"]) for each in shown["findings"]]
    assert found == [
        ("files_inside", inside.sentence, "Take them out.", []),
        ("no_text", missing.sentence, "Add them as text.", [2]),
    ]
    assert [each["finding"] for each in shown["page_list"]] == [
        None, "something is shown, but no words. Add them as text.", None,
    ]  # fmt: skip
    assert json.loads(type_in("list", "--course", "Physics", "--json"))[0]["findings"] == shown["findings"]
    for command in (["show", "--course", "Physics", "week1"], ["list", "--course", "Physics"]):
        told = " ".join(type_in(*command).split())
        assert "\x1b[2J" not in told
        assert "Take them out." in told
        assert "Page 2: something is shown, but no words. Add them as text." in told


def test_show_says_at_which_stage_a_file_failed_and_why(stores, deck, type_in):
    held = process(stores, deck(), "Newton")
    with stores.database.transaction() as connection:
        fail_upload(connection, held, code="damaged", message="Page [3] is damaged.")
    shown = json.loads(type_in("show", "--course", "Physics", "week1.pdf", "--json"))
    assert (shown["state"], shown["code"], shown["message"]) == ("failed", "damaged", "Page [3] is damaged.")
    assert next(s for s in shown["stages"] if s["stage"] == "slide_chunks")["state"] == "failed"
    assert "Page [3] is damaged." in type_in("show", "--course", "Physics", "week1.pdf")


def test_show_says_that_a_vision_model_refused_and_why(stores, deck, type_in):
    held = process(stores, deck(), "Newton")
    refusal = ProviderRefusedError("eyes: the provider has no credit left for this key.", code="no_credit")
    with stores.database.transaction() as connection:
        put_description_refusal(connection, held, refusal)
    shown = json.loads(type_in("show", "--course", "Physics", "week1.pdf", "--json"))
    assert shown["descriptions_refused"] == refusal.message
    assert "no credit left" in type_in("show", "--course", "Physics", "week1.pdf")


def test_stages_are_the_assets_of_the_graph():
    graph = defs.resolve_asset_graph()
    for cut, names in (("documents", details.DECK_STAGES), ("lectures", details.LECTURE_STAGES)):
        made = {
            key.to_user_string()
            for key in graph.executable_asset_keys
            if getattr(graph.get(key).partitions_def, "name", None) == cut
        }
        assert made == set(names)


def test_delete_asks_and_takes_words_rows_and_bytes_where_nothing_is_up(stores, deck, type_in):
    document = deck()
    process(stores, document, "Newton")
    kept = deck("week2.pdf", b"other")
    assert "Delete week1.pdf" in type_in("delete", "--course", "Physics", "week1.pdf", answer="n\n", code=1)
    type_in("delete", "--course", "Physics", "week1.pdf", answer="y\n")
    with stores.database.transaction() as connection:
        for table in ("slides", "ai.slide_chunks_knowledge", "ai.chunk_terms", "ai.term_counts"):
            assert connection.execute(f"select count(*) from {table}").fetchone() == (0,), table  # noqa: S608
        assert connection.execute("select id from documents").fetchall() == [(kept.id,)]
    assert [stores.files.has(each.sha256) for each in (document, kept)] == [False, True]
    assert "no file called week1.pdf" in type_in("delete", "--course", "Physics", "week1.pdf", "--yes", code=1)


@pytest.mark.parametrize("command", ["show", "delete", "rename", "reprocess"])
def test_a_wrong_name_is_a_sentence(deck, type_in, command):
    deck()
    more = {"rename": ["x"], "delete": ["--yes"]}.get(command, [])
    assert "no file called nowhere.pdf" in type_in(command, "--course", "Physics", "nowhere.pdf", *more, code=1)
    assert "no course called “Chemistry”" in type_in(command, "--course", "Chemistry", "week1.pdf", *more, code=1)


def test_rename_onto_a_name_that_is_taken_is_a_sentence(deck, type_in):
    deck()
    deck("week2.pdf", b"other")
    assert "called week2.pdf already" in type_in("rename", "--course", "Physics", "week1.pdf", "week2.pdf", code=1)
    type_in("rename", "--course", "Physics", "week1.pdf", "Week one")
    names = [each["name"] for each in json.loads(type_in("list", "--course", "Physics", "--json"))]
    assert names == ["Week one.pdf", "week2.pdf"]


def test_courses_are_listed_renamed_and_deleted_with_what_they_hold(stores, deck, type_in):
    document = deck()
    deck("lonely.pdf", b"other", course="Chemistry")
    type_in("courses", "rename", "Physics", "Mechanics")
    found = json.loads(type_in("courses", "list", "--json"))
    assert [(each["name"], each["decks"]) for each in found] == [("Chemistry", 1), ("Mechanics", 1)]
    (mechanics,) = [each["id"] for each in found if each["name"] == "Mechanics"]
    type_in("courses", "rename", "Mechanics", "Chemistry")
    assert "2 courses called “Chemistry”: say which by its id" in type_in("courses", "delete", "Chemistry", code=1)
    type_in("courses", "rename", mechanics, "Mechanics")
    assert "with its 1 file for" in type_in("courses", "delete", "Mechanics", answer="n\n", code=1)
    type_in("courses", "delete", "Mechanics", "--yes")
    assert "no course called" in type_in("courses", "delete", "Mechanics", "--yes", code=1)
    assert "Mechanics" not in type_in("courses")
    assert not stores.files.has(document.sha256)
    with stores.database.transaction() as connection:
        assert connection.execute("select name from courses").fetchall() == [("Chemistry",)]


def test_files_are_checked_and_swept(stores, deck, type_in):
    document = deck()
    stores.files.add(io.BytesIO(b"nobody's"))
    assert json.loads(type_in("files", "check", "--json")) == {"missing": 0, "unreferenced": 1}
    assert json.loads(type_in("files", "sweep", "--json"))["removed"] == 0, "it is younger than a day"
    assert json.loads(type_in("files", "sweep", "--older-than", "0s", "--json"))["removed"] == 1
    stores.files.remove(document.sha256)
    assert json.loads(type_in("files", "check", "--json", code=1)) == {"missing": 1, "unreferenced": 0}
    assert document.sha256 in type_in("files", "check", code=1)
    assert "0s, 30m" in type_in("files", "sweep", "--older-than", "soon", code=2)
