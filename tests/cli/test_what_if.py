"""`studybuddy what-if`: what another set would change and cost, told before anything is made, and nothing is."""

import json

import pytest
from typer.testing import CliRunner

from pipelines.answering.cutting import build_course
from pipelines.cli import make_app
from pipelines.core.courses import ensure_course, find_course
from pipelines.core.embeddings.embedders import set_embedder
from pipelines.core.embeddings.sets import add_set, find_set
from pipelines.core.evaluations.question_sets import put_question_set
from pipelines.core.models.payers import find_local_person
from tests.conftest import fresh_database
from tests.defs.test_documents_graph import pdf
from tests.fake_embeddings import FakeEmbeddings
from tests.measured import COURSE, DIMS, LINES, LIVE, PAGES, measured_graph, right, wrong

LONG = "\n".join(f"Sentence {n} tells that momentum adds what was before to what is now." for n in range(14))
TABLES = ("slide_chunks_knowledge", "chunk_terms", "term_counts", "chunk_embeddings", "embedding_sets", "model_calls")


@pytest.fixture(scope="module")
def fake():
    server = FakeEmbeddings(right)
    yield server
    server.close()


@pytest.fixture(scope="module")
def graph(tmp_path_factory, server, fake):
    """A deck with a long page and its questions; `fine` has short chunks, `other` another provider's vectors."""
    with (
        fresh_database(server) as url,
        pytest.MonkeyPatch.context() as patch,
        measured_graph(tmp_path_factory.mktemp("what_if"), url, patch) as graph,
    ):
        assert graph.run(graph.upload(pdf(LONG), "week2.pdf")).success
        with graph.stores.database.transaction() as connection:
            course = find_course(connection, COURSE)
            put_question_set(connection, course.id, file_name="q.jsonl", lines=LINES)
            add_set(connection, "fine", model="local/all-MiniLM-L6-v2-int8", dims=384, chunker="short")
            add_set(connection, "other", model="fake/topics", dims=DIMS, base_url=fake.url)
        yield graph


def run(*arguments):
    return CliRunner().invoke(make_app(["what-if"]), ["what-if", "--course", COURSE, *arguments])


def told(name):
    result = run("--set", name, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def rows(graph):
    with graph.stores.database.transaction() as connection:
        return {
            table: connection.execute(f"select count(*), max(md5(t::text)) from {table} t").fetchone()  # noqa: S608
            for table in TABLES
        }


def build(graph, name):
    with graph.stores.database.transaction() as connection:
        known, course = find_set(connection, name), find_course(connection, COURSE)
    embed = set_embedder(graph.stores, known, find_local_person, "embedding", course_id=course.id)
    build_course(graph.stores, known, embed, course)


def test_other_chunks_are_told_by_file_and_page_with_their_cost_and_nothing_is_made(graph, fake):
    before, asked = rows(graph), list(fake.asked)
    found = told("fine")
    assert (found["course"], found["set"], found["live"]) == (COURSE, "fine", LIVE)
    (file,) = found["files"]
    assert (file["file"], file["now"], file["kept"], file["pages"], file["stretches"]) == ("week2.pdf", 1, 0, [1], [])
    assert file["then"] > 1
    assert found["vectors"] == len(PAGES) + file["then"]  # those that say the same are not shared between chunkers
    assert found["tokens"] > 100 and found["usd"] == 0
    assert found["seconds"] is not None and found["seconds"] >= 0, "a few vectors take less than a tenth of a second"
    assert (found["basis"], found["asked"]) == ("words", len(LINES))
    assert (rows(graph), fake.asked) == (before, asked)
    assert "13 vectors" not in (text := run("--set", "fine").output) and "by words alone" in text
    assert f"To build: {found['vectors']} vectors" in text


def test_money_and_time_of_a_provider_are_those_of_its_last_calls_or_unknown(graph, fake):
    before, asked = rows(graph), list(fake.asked)
    found = told("other")
    assert (found["files"], found["questions"], found["vectors"]) == ([], [], len(PAGES) + 1)
    assert (found["usd"], found["seconds"]) == (None, None)
    assert "money: not known before this model has embedded something here" in run("--set", "other").output
    assert (rows(graph), fake.asked) == (before, asked)
    with graph.stores.database.transaction() as connection:
        connection.execute(
            "insert into model_calls (purpose, model, own_key, status, prompt_tokens, cost_usd, began_at, ended_at) "
            "values ('embedding', 'fake/topics', false, 'done', 1000, 2, now() - interval '10 s', now())"
        )
    found = told("other")
    assert found["usd"] == pytest.approx(found["tokens"] * 2 / 1000)
    assert found["seconds"] == pytest.approx(found["tokens"] / 100, abs=0.1)


def test_a_set_that_is_built_is_asked_as_readers_would_and_tells_other_sources_and_ranks(graph, fake):
    fake.answer = wrong
    build(graph, "other")
    found = told("other")
    assert (found["basis"], found["vectors"], found["tokens"], found["usd"]) == ("vectors", 0, 0, 0)
    (change,) = [each for each in found["questions"] if each["id"] == "kernels"]
    assert change["lost"] and change["new"] and all(place.startswith("week") for place in change["new"])
    assert change["rank_now"] == 1
    assert "Its vectors are all there" in run("--set", "other").output
    fake.answer = right


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--set", "nothing"), "There is no embedding set called nothing"),
        (("--set", "fine", "--course", "Nowhere"), "Nowhere"),
        (("--set", "fine", "--course", "Empty"), "nothing to search yet"),
    ],
)
def test_what_cannot_be_foreseen_is_a_sentence(graph, arguments, reason):
    with graph.stores.database.transaction() as connection:
        ensure_course(connection, "Empty")
    result = run(*arguments)
    assert result.exit_code == 1 and reason in " ".join(result.output.split())


def test_a_course_without_questions_is_told_how_to_get_some(graph):
    with graph.stores.database.transaction() as connection:
        connection.execute("delete from question_sets")
    assert "has no questions to compare" in run("--set", "fine").output
    assert told("fine")["asked"] == 0
