"""`studybuddy sets` at the command line: what is refused and why, and that the live set answers all along."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from typer.testing import CliRunner

from pipelines.cli import make_app
from pipelines.core.courses import ensure_course
from pipelines.core.search.by_name import find_hits
from pipelines.core.settings import get_settings
from tests.fake_embeddings import FakeEmbeddings
from tests.measured import COURSE, DIMS, LINES, LIVE, measured_graph, right, wrong


def type_in(*line, code=0):
    result = CliRunner().invoke(make_app(line[:1]), line)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return " ".join(result.output.split())


def sets(*line, code=0):
    return type_in("sets", *line, code=code)


def live():
    return [known["name"] for known in json.loads(sets("list", "--course", COURSE, "--json")) if known["live"]]


@pytest.fixture
def fake():
    server = FakeEmbeddings(right)
    yield server
    server.close()


@pytest.fixture
def stores(tmp_path, database_url, monkeypatch, fake):
    """A deck with a topic a page, questions about it, and a set `trial` beside the live one, not yet built."""
    with measured_graph(tmp_path, database_url, monkeypatch) as graph:
        (tmp_path / "asked.jsonl").write_text("\n".join(LINES))
        type_in("questions", "import", str(tmp_path / "asked.jsonl"), "--course", COURSE)
        sets("add", "trial", "--model", "fake/topics", "--dims", str(DIMS), "--base-url", fake.url)
        yield graph.stores


def test_a_set_is_built_promoted_rolled_back_and_retired(stores):
    assert live() == [LIVE]
    assert "12 vectors made; all 12 chunks of Optimisation are in trial" in sets("build", "trial", "--course", COURSE)
    assert live() == [LIVE]
    told = sets("promote", "trial", "--course", COURSE)
    assert f"{LIVE} (live)" in told and "recall@5" in told and "Optimisation is searched in trial now." in told
    assert live() == ["trial"]
    assert find_hits(stores, "What is entropy?", course=COURSE, limit=1)[0].similarity == pytest.approx(1, abs=0.01)
    assert "is searched in trial already" in sets("promote", "trial", "--course", COURSE, code=1)
    assert "trial is live for Optimisation" in sets("retire", "trial", code=1)
    assert f"Optimisation is searched in {LIVE} again" in sets("rollback", "--course", COURSE)
    assert "nothing to roll back to" in sets("rollback", "--course", COURSE, code=1)
    assert f"{LIVE} is live for all courses" in sets("retire", LIVE, code=1)
    assert "its vectors are gone" in sets("retire", "trial")
    assert "was retired" in sets("promote", "trial", "--course", COURSE, code=1)
    assert "already, or was" in sets("add", "trial", "--model", "m", "--dims", "3", code=1)
    assert live() == [LIVE]


def test_a_worse_set_is_refused_with_both_sets_figures(stores, fake):
    fake.answer = wrong
    sets("build", "trial", "--course", COURSE)
    told = sets("promote", "trial", "--course", COURSE, code=1)
    assert "recall@5" in told and "1.000" in told and "0.500" in told
    assert "slide mrr@10 is worse by more than chance: 0.500, and 1.000 in the live set" in told
    assert "did not go live for Optimisation; what was live still is." in told
    assert live() == [LIVE]
    figures = json.loads(type_in("evaluate", "--course", COURSE, "--set", "trial", "--json"))
    assert figures["slide"]["mrr@10"] == 0.5


def test_a_set_that_is_not_built_or_too_slow_is_refused(stores, monkeypatch):
    told = sets("promote", "trial", "--course", COURSE, code=1)
    assert "12 of 12 chunks have no vector in it: build it first" in told
    sets("build", "trial", "--course", COURSE)
    monkeypatch.setenv("SEARCH_BUDGET_MS", "0.001")
    get_settings.cache_clear()
    assert "more than SEARCH_BUDGET_MS=0" in sets("promote", "trial", "--course", COURSE, code=1)
    assert live() == [LIVE]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda texts: [[float("nan")] * DIMS] * len(texts), "fake/topics"),
        (lambda texts: [[0.0] * DIMS] * len(texts), "fake/topics"),
        (lambda texts: [[1.0, 0.0]] * len(texts), "answers vectors of 2 dimensions, not 13"),
        (lambda texts: right(texts)[1:], "fake/topics"),
    ],
    ids=["not a number", "of length 0", "another dimension", "one too few"],
)
def test_bad_vectors_end_a_build_with_a_sentence_and_touch_nothing(stores, fake, answer, reason):
    fake.answer = answer
    assert reason in sets("build", "trial", "--course", COURSE, code=1)
    assert live() == [LIVE]
    assert find_hits(stores, "What is entropy?", course=COURSE, limit=1)[0].page == 2
    fake.answer = right
    assert "12 vectors made" in sets("build", "trial", "--course", COURSE)


def test_unknown_names_and_courses_without_questions_or_material_are_told(stores):
    with stores.database.transaction() as connection:
        ensure_course(connection, "Empty")
    told = sets("build", "nothing", "--course", COURSE, code=1)
    assert f"no embedding set called nothing; there are: {LIVE}, trial" in told
    assert "no course called" in sets("build", "trial", "--course", "Nowhere", code=1)
    assert "Empty has nothing to embed yet" in sets("build", "trial", "--course", "Empty", code=1)
    assert "Empty has nothing to search yet" in sets("promote", "trial", "--course", "Empty", code=1)
    with stores.database.transaction() as connection:
        connection.execute("delete from question_sets")
    sets("build", "trial", "--course", COURSE)
    assert "has no questions" in sets("promote", "trial", "--course", COURSE, code=1)
    assert "1 to 4000 dimensions" in sets("add", "x", "--model", "m", "--dims", "0", code=1)
    assert live() == [LIVE]


def test_promoting_for_all_courses_moves_those_it_can_and_ends_with_1_where_one_is_refused(stores):
    with stores.database.transaction() as connection:
        ensure_course(connection, "Empty")
    sets("build", "trial", "--course", COURSE)
    told = sets("promote", "trial", code=1)
    assert "Empty: Empty has nothing to search yet" in told and "Optimisation is searched in trial now." in told
    assert live() == ["trial"]


def test_searches_go_on_in_a_local_set_while_the_settings_name_another_model(stores, monkeypatch):
    monkeypatch.setenv("EMBEDDING_MODEL", "local/use-multilingual-v3")
    monkeypatch.setenv("EMBEDDING_DIMS", "512")
    get_settings.cache_clear()
    hits = json.loads(type_in("search", "--course", COURSE, "What is entropy?", "--json"))
    assert hits[0]["page"] == 2


def test_searches_while_a_course_changes_its_set_are_each_whole_in_one(stores):
    sets("build", "trial", "--course", COURSE)
    alone = find_hits(stores, "What is entropy?", course=COURSE, limit=12)
    sets("promote", "trial", "--course", COURSE)
    found = {LIVE: alone, "trial": find_hits(stores, "What is entropy?", course=COURSE, limit=12)}
    ended, seen = threading.Event(), []

    def search():
        while not ended.is_set():
            seen.append(find_hits(stores, "What is entropy?", course=COURSE, limit=12))

    with ThreadPoolExecutor(2) as pool:
        searching = [pool.submit(search) for _ in range(2)]
        for _ in range(3):
            sets("rollback", "--course", COURSE)
            sets("promote", "trial", "--course", COURSE)
        ended.set()
        for each in searching:
            each.result()
    assert all(hits in found.values() for hits in seen)
    assert all(hits in seen for hits in found.values())
