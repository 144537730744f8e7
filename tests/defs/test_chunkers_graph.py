"""A set of other chunks: cut beside the standard ones, measured, promoted, kept up, and gone without trace."""

import pytest

from pipelines.answering.cutting import build_course
from pipelines.answering.evaluating import course_questions, evaluate_set
from pipelines.answering.promoting import promote_set
from pipelines.core.chunks import list_chunks
from pipelines.core.courses import find_course
from pipelines.core.embeddings.embedders import set_embedder
from pipelines.core.embeddings.pointers import course_set, point, roll_back
from pipelines.core.embeddings.sets import add_set, count_lacks, find_set, list_course_sets, retire_set
from pipelines.core.errors import PermanentError
from pipelines.core.evaluations.question_sets import put_question_set
from pipelines.core.models.payers import find_local_person
from pipelines.core.search.by_name import find_hits
from pipelines.core.settings import get_settings
from tests.defs.graphs import failed_checks, opened
from tests.defs.test_documents_graph import Graph, pdf
from tests.measured import COURSE, LINES, PAGES

LONG = "\n".join(f"Sentence {n} tells that momentum adds what was before to what is now." for n in range(14))
TABLES = ("slide_chunks_knowledge", "lecture_chunks_knowledge", "chunk_terms", "term_counts")
MODEL = {"model": "local/all-MiniLM-L6-v2-int8", "dims": 384}


@pytest.fixture
def graph(tmp_path, database_url, monkeypatch):
    """A deck with a topic a page and one long page, its questions, and the set `fine` of short chunks, not built."""
    monkeypatch.setenv("SEARCH_BUDGET_MS", "60000")
    with opened(tmp_path, database_url, monkeypatch) as given:
        get_settings.cache_clear()
        graph = Graph(*given)
        assert graph.run(graph.upload(pdf(*PAGES, LONG))).success
        with graph.stores.database.transaction() as connection:
            course = find_course(connection, COURSE)
            put_question_set(connection, course.id, file_name="q.jsonl", lines=LINES)
            add_set(connection, "fine", **MODEL, chunker="short")
        yield graph


def build(graph, name="fine"):
    with graph.stores.database.transaction() as connection:
        known, course = find_set(connection, name), find_course(connection, COURSE)
    embed = set_embedder(graph.stores, known, find_local_person, "embedding", course_id=course.id)
    return build_course(graph.stores, known, embed, course), known, course


def counts(graph):
    """Rows of short chunks by table, and chunks and vectors of each set as the course sees it."""
    with graph.stores.database.transaction() as connection:
        rows = {
            table: connection.execute(f"select count(*) from {table} where chunker = 'short'").fetchone()[0]  # noqa: S608
            for table in TABLES
        }
        sets = list_course_sets(connection, find_course(connection, COURSE).id)
    return rows, {known.name: (known.chunks, known.vectors) for known in sets}


def ids(graph, question="What is momentum?"):
    return [hit.chunk_id for hit in find_hits(graph.stores, question, course=COURSE, limit=10)]


def test_short_chunks_are_built_measured_promoted_kept_up_rolled_back_and_retired(graph):
    stores, before = graph.stores, ids(graph)
    with stores.database.transaction() as connection:
        course = find_course(connection, COURSE)
        assert count_lacks(connection, find_set(connection, "fine"), course.id) == (13, 13)  # nothing is cut yet
        with pytest.raises(PermanentError, match="lacks vectors of 13"):
            point(connection, course, find_set(connection, "fine"), compared=course_set(connection, course.id))
    built, known, course = build(graph)
    assert built.chunks == built.made > 13
    rows, sets = counts(graph)
    assert rows["slide_chunks_knowledge"] == rows["chunk_terms"] == built.chunks
    assert sets == {"local/all-MiniLM-L6-v2-int8:384": (13, 13), "fine": (built.chunks, built.chunks)}
    assert ids(graph) == before  # searches see none of them, by meaning or by words
    assert build(graph)[0].made == 0

    with stores.database.transaction() as connection:
        questions = course_questions(connection, course)
    measured = evaluate_set(stores, course, questions, known)
    found = {hit.chunk_id for hits in measured.asked.hits for hit in hits}
    assert measured.figures["slide"]["recall@5"] == 1 and not found & set(before)

    assert promote_set(stores, course, "fine").reasons == ()
    after = ids(graph)
    assert after and not set(after) & set(before)
    german = "Wie hängt die Steigung mit dem Momentum zusammen?"
    assert not set(ids(graph, german)) & set(before)  # second vectors of the short chunks, not of the others

    later = graph.upload(pdf("Annealing lowers the temperature slowly.", LONG), "week2.pdf")
    result = graph.run(later)
    assert result.success and failed_checks(result) <= {"every_slide_is_described"}
    assert graph.counts(graph.again(later)).searchable  # counted in the standard chunks, which a rollback needs
    with stores.database.transaction() as connection:
        short, standard = list_chunks(connection, later.id, chunker="short"), list_chunks(connection, later.id)
        assert count_lacks(connection, known, course.id)[0] == 0
    assert len(short) > len(standard) == 2
    assert ids(graph, "How does annealing lower the temperature?")[0] in {chunk.id for chunk in short}

    with stores.database.transaction() as connection:
        assert roll_back(connection, course).live
    assert set(before) & set(ids(graph))
    with stores.database.transaction() as connection:
        retire_set(connection, "fine")
    assert counts(graph)[0] == dict.fromkeys(TABLES, 0)
    with stores.database.transaction() as connection:  # second vectors of the short chunks are gone as well
        lost = "select count(*) from chunk_embeddings where chunk_id not in (select id from chunks)"
        assert connection.execute(lost).fetchone()[0] == 0


def test_chunks_stay_while_another_set_is_of_them(graph):
    build(graph)
    with graph.stores.database.transaction() as connection:
        add_set(connection, "other", **MODEL, chunker="short", text="alone")
    build(graph, "other")
    with graph.stores.database.transaction() as connection:
        retire_set(connection, "fine")
    rows, sets = counts(graph)
    assert rows["slide_chunks_knowledge"] == sets["other"][0] == sets["other"][1] > 13
