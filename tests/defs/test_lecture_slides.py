"""Which slide was up when: decks that are alike are found whenever they come, others are left alone."""

import io
from itertools import pairwise

import dagster as dg
import pytest

from pipelines.core.courses import ensure_course
from pipelines.core.documents import put_document
from pipelines.core.lecture_slides import link_document, list_linked_documents, read_lecture_slides
from pipelines.core.records import Document
from pipelines.definitions import defs
from pipelines.defs import lecture_slides
from pipelines.defs.sensors import LECTURES, look
from pipelines.steps.alignment.scoring import FoundSpan, read_spans, score_spans
from tests.defs.graphs import failed_checks, key_of, metadata, opened
from tests.defs.lectures import CAPTIONS, SAMPLE, Graph, lecture_captions
from tests.defs.test_documents_graph import Graph as DocumentsGraph
from tests.defs.test_documents_graph import recognise, scanned


@pytest.fixture
def graph(tmp_path, database_url, monkeypatch):
    with opened(tmp_path, database_url, monkeypatch) as given:
        yield Graph(*given)


def sample_deck(graph: Graph) -> Document:
    """The sample deck, read and searchable."""
    data = (SAMPLE / "wind-power.pdf").read_bytes()
    with graph.stores.database.transaction() as connection:
        stored = graph.stores.files.add(io.BytesIO(data))
        document, _ = put_document(
            connection, sealer=graph.stores.sealer, course_id=ensure_course(connection, "Optimisation").id,
            title="Wind", file_name="wind-power.pdf", source_name="wind-power.pdf", sha256=stored.sha256,
            byte_count=stored.byte_count,
        )  # fmt: skip
    key = key_of(graph.stores, document)
    graph.instance.add_dynamic_partitions("documents", [key])
    job = defs.resolve_job_def("process_document")
    selection = [dg.AssetKey(name) for name in ("slides", "slide_descriptions", "slide_chunks", "slide_embeddings")]
    assert job.execute_in_process(partition_key=key, instance=graph.instance, asset_selection=selection).success
    return document


def test_a_lecture_is_aligned_with_a_deck_that_is_clearly_alike_and_once_only(graph):
    deck = sample_deck(graph)
    lecture = graph.upload(captions=lecture_captions(), name="wind-power-lecture.vtt")
    result = graph.run(lecture)
    assert result.success
    assert metadata(result, "lecture_slides")["proposed"] == 1
    with graph.stores.database.transaction() as connection:
        (link,) = list_linked_documents(connection, lecture.id)
        spans = read_lecture_slides(connection, lecture)
    assert (link.document_id, link.given) == (deck.id, False)
    assert all(span.start_ms < span.end_ms and 0 <= span.confidence <= 1 for span in spans)
    assert all(one.end_ms == other.start_ms for one, other in pairwise(spans))
    found = [
        FoundSpan(start_ms=s.start_ms, end_ms=s.end_ms, file="wind-power.pdf" if s.page else None, page=s.page)
        for s in spans
    ]
    marked = read_spans(SAMPLE / "spans.jsonl")
    assert score_spans(marked, {"wind-power-lecture.ogg": found})["accuracy"] >= 0.9
    again = metadata(graph.run(lecture), "lecture_slides")
    assert (again["made"], again["reused"]) == (0, len(spans))
    hit = graph.search(lecture, "Nobody has ever beaten that number of a German physicist")[0]
    assert (hit.kind, hit.document_id) == ("speech", deck.id)
    assert hit.page in {3, 4}  # one minute, two slides


def test_a_lecture_about_something_else_is_not_aligned(graph):
    sample_deck(graph)
    lecture = graph.upload(captions=CAPTIONS)
    result = graph.run(lecture)
    assert result.success
    assert not failed_checks(result)
    shown = metadata(result, "lecture_slides")
    assert (shown["looked_at"], shown["proposed"], shown["dagster/row_count"]) == (0, 0, 0)


def align_again(graph, lecture):
    """Look as the sensor does, and run what it asks for."""
    (request,) = look(LECTURES, graph.stores, graph.instance, None).run_requests
    assert (request.partition_key, request.asset_selection) == (
        key_of(graph.stores, lecture),
        [dg.AssetKey("lecture_slides")],
    )
    result = defs.resolve_job_def("process_lecture").execute_in_process(
        partition_key=request.partition_key, instance=graph.instance, asset_selection=request.asset_selection
    )
    assert result.success
    return metadata(result, "lecture_slides")


def test_a_deck_given_before_it_is_read_aligns_the_lecture_when_the_sensor_sees_it(graph):
    lecture = graph.upload(captions=lecture_captions())
    graph.run(lecture)
    deck = sample_deck(graph)
    with graph.stores.database.transaction() as connection:
        link_document(connection, lecture.id, deck.id)
    assert align_again(graph, lecture)["proposed"] == 0
    assert graph.counts(lecture).slide_spans > 0
    assert isinstance(look(LECTURES, graph.stores, graph.instance, "[]"), dg.SkipReason)


def test_a_deck_that_comes_after_the_lecture_is_found_by_its_likeness(graph):
    lecture, other = graph.upload(captions=lecture_captions()), graph.upload(captions=CAPTIONS, name="other.vtt")
    for each in (lecture, other):
        graph.run(each)
    assert isinstance(look(LECTURES, graph.stores, graph.instance, None), dg.SkipReason)
    sample_deck(graph)
    assert align_again(graph, lecture)["proposed"] == 1
    assert graph.counts(lecture).slide_spans > 0
    assert isinstance(look(LECTURES, graph.stores, graph.instance, "[]"), dg.SkipReason)


@pytest.mark.slow
def test_a_deck_whose_pictures_are_read_after_the_lecture_is_aligned_with_it_again_and_once(graph):
    lecture, decks = graph.upload(captions=CAPTIONS), DocumentsGraph(graph.stores, graph.instance)
    deck = decks.upload(scanned("Gradient descent follows the slope.", "scan:Momentum remembers earlier steps."))
    assert decks.run(deck).success
    with graph.stores.database.transaction() as connection:
        link_document(connection, lecture.id, deck.id)
    assert graph.run(lecture).success
    assert isinstance(look(LECTURES, graph.stores, graph.instance, None), dg.SkipReason), "it is not read whole"
    assert recognise(decks, deck).success
    align_again(graph, lecture)
    assert isinstance(look(LECTURES, graph.stores, graph.instance, "[]"), dg.SkipReason)


def test_a_deck_that_comes_while_a_lecture_is_aligned_is_not_missed(graph, monkeypatch):
    align, decks = lecture_slides._align, [sample_deck]

    def while_a_deck_comes(*given):
        if decks:
            decks.pop()(graph)
        return align(*given)

    monkeypatch.setattr(lecture_slides, "_align", while_a_deck_comes)
    lecture = graph.upload(captions=lecture_captions())
    assert metadata(graph.run(lecture), "lecture_slides")["proposed"] == 1
    assert isinstance(look(LECTURES, graph.stores, graph.instance, None), dg.SkipReason)
