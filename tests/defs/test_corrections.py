"""What a teacher corrects is found, outlives reading again, is told in the lineage, and goes when it is undone."""

import dagster as dg
import pytest

from pipelines.core.reading.corrections import correct_page, correct_segment, correct_title, undo_page, undo_title
from pipelines.core.reading.readers import read_deck_pages
from pipelines.core.records import OPERATOR
from pipelines.core.uploads import DOCUMENT, LECTURE, reprocess_upload
from pipelines.definitions import defs
from pipelines.defs.sensors import DOCUMENTS, LECTURES, look
from tests.defs.graphs import key_of, metadata, opened
from tests.defs.lectures import CAPTIONS
from tests.defs.lectures import Graph as LecturesGraph
from tests.defs.test_documents_graph import PAGES, pdf
from tests.defs.test_documents_graph import Graph as DocumentsGraph


@pytest.fixture
def opened_stores(tmp_path, database_url, monkeypatch):
    with opened(tmp_path, database_url, monkeypatch) as given:
        yield given


def asked(uploads, graph):
    """Run what the sensor asks for: the assets of each run."""
    found = look(uploads, graph.stores, graph.instance, None)
    if isinstance(found, dg.SkipReason):
        return []
    results = [
        defs.resolve_job_def(request.job_name).execute_in_process(
            partition_key=request.partition_key, instance=graph.instance, asset_selection=request.asset_selection
        )
        for request in found.run_requests
    ]
    assert all(result.success for result in results)
    return results


def test_a_corrected_page_is_found_kept_and_undone(opened_stores):
    graph = DocumentsGraph(*opened_stores)
    document = graph.upload(pdf(*PAGES))
    assert graph.run(document).success
    assert asked(DOCUMENTS, graph) == []
    with graph.stores.database.transaction() as connection:
        correct_page(connection, document.id, 2, title=None, text="Nesterov looks ahead.", person=OPERATOR)
        correct_page(connection, document.id, 3, title="Step sizes", text=None, person=OPERATOR)
    (result,) = asked(DOCUMENTS, graph)
    assert metadata(result, "slide_chunks")["corrected_pages"] == "pages 2-3"
    assert metadata(result, "slide_chunks")["reused"] == 1 and metadata(result, "slide_embeddings")["reused"] == 1
    assert graph.search(document, "Who looks ahead? Nesterov")[0] == 2
    assert graph.counts(graph.again(document)).searchable and asked(DOCUMENTS, graph) == []

    with graph.stores.database.transaction() as connection:
        reprocess_upload(connection, graph.again(document))
    assert metadata(graph.run(document), "slide_chunks")["made"] == 0, "read again, and corrected as before"
    with graph.stores.database.transaction() as connection:
        page = read_deck_pages(connection, document.id, person=OPERATOR).pages[1]
        assert (page.text, page.read_text) == ("Nesterov looks ahead.", PAGES[1])
        undo_page(connection, document.id, 2, person=OPERATOR)
    (result,) = asked(DOCUMENTS, graph)
    assert metadata(result, "slide_chunks")["corrected_pages"] == "page 3"
    assert graph.search(document, "Momentum remembers earlier steps")[0] == 2
    assert graph.search(document, "Nesterov") != [2]


def test_a_new_version_is_corrected_only_where_it_says_the_same(opened_stores):
    graph = DocumentsGraph(*opened_stores)
    document = graph.upload(pdf(*PAGES))
    assert graph.run(document).success
    with graph.stores.database.transaction() as connection:
        for page in (1, 2):
            correct_page(connection, document.id, page, title=None, text=f"Corrected {page}.", person=OPERATOR)
    document = graph.upload(pdf("Another first page altogether.", *PAGES[1:]))
    assert metadata(graph.run(document), "slide_chunks")["corrected_pages"] == "page 2"
    with graph.stores.database.transaction() as connection:
        pages = read_deck_pages(connection, document.id, person=OPERATOR).pages
    assert [page.text for page in pages[:2]] == ["Another first page altogether.", "Corrected 2."]


def test_a_deck_that_failed_for_want_of_words_is_ready_with_those_a_teacher_gives(opened_stores):
    graph = DocumentsGraph(*opened_stores)
    document = graph.upload(pdf(""))
    assert not graph.run(document).success
    with graph.stores.database.transaction() as connection:
        correct_page(connection, document.id, 1, title="Wind", text="The blackboard says: power.", person=OPERATOR)
    assert len(asked(DOCUMENTS, graph)) == 1
    assert graph.again(document).failure is None and graph.search(document, "blackboard") == [1]


def test_a_corrected_line_is_found_at_its_minute(opened_stores):
    graph = LecturesGraph(*opened_stores)
    lecture = graph.upload(captions=CAPTIONS)
    assert graph.run(lecture).success
    with graph.stores.database.transaction() as connection:
        correct_segment(connection, lecture.id, 2, text="Nesterov looks ahead.", person=OPERATOR)
    (result,) = asked(LECTURES, graph)
    assert metadata(result, "lecture_chunks")["corrected_lines"] == 1
    (hit,) = graph.search(lecture, "Nesterov")
    assert "slope downhill. Nesterov looks ahead." in hit.text.replace("\n", " ")
    assert asked(LECTURES, graph) == [] and key_of(graph.stores, lecture)


def test_a_corrected_title_is_in_every_passage_kept_told_in_the_lineage_and_undone(opened_stores):
    graph = DocumentsGraph(*opened_stores)
    document = graph.upload(pdf(*PAGES))
    assert graph.run(document).success
    with graph.stores.database.transaction() as connection:
        correct_title(connection, DOCUMENT, document.id, title="Nesterov's lectures", person=OPERATOR)
    (result,) = asked(DOCUMENTS, graph)
    told = metadata(result, "slide_chunks")
    assert told["corrected_title"] == "Nesterov's lectures" and told["made"] == told["dagster/row_count"]
    assert graph.search(document, "Nesterov") and asked(DOCUMENTS, graph) == []

    with graph.stores.database.transaction() as connection:
        reprocess_upload(connection, graph.again(document))
    assert metadata(graph.run(document), "slide_chunks")["corrected_title"] == "Nesterov's lectures"
    with graph.stores.database.transaction() as connection:
        deck = read_deck_pages(connection, document.id, person=OPERATOR)
        assert (deck.title, deck.read_title) == ("Nesterov's lectures", graph.again(document).title)
        undo_title(connection, DOCUMENT, document.id, person=OPERATOR)
    (result,) = asked(DOCUMENTS, graph)
    assert metadata(result, "slide_chunks")["corrected_title"] == ""


def test_a_corrected_title_holds_for_a_new_version_that_is_called_the_same_and_no_other(opened_stores):
    graph = DocumentsGraph(*opened_stores)
    document = graph.upload(pdf(*PAGES))
    assert graph.run(document).success
    with graph.stores.database.transaction() as connection:
        correct_title(connection, DOCUMENT, document.id, title="Momentum", person=OPERATOR)
    document = graph.upload(pdf(*PAGES, "One more page."))
    assert metadata(graph.run(document), "slide_chunks")["corrected_title"] == "Momentum"
    document = graph.upload(pdf("Another deck altogether", *PAGES))
    assert metadata(graph.run(document), "slide_chunks")["corrected_title"] == ""


def test_a_corrected_title_of_a_lecture_is_in_its_passages(opened_stores):
    graph = LecturesGraph(*opened_stores)
    lecture = graph.upload(captions=CAPTIONS)
    assert graph.run(lecture).success
    with graph.stores.database.transaction() as connection:
        correct_title(connection, LECTURE, lecture.id, title="Nesterov", person=OPERATOR)
    (result,) = asked(LECTURES, graph)
    assert metadata(result, "lecture_chunks")["corrected_title"] == "Nesterov"
    assert graph.search(lecture, "Nesterov")
