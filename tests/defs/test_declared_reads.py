"""Every table an asset reads is one it makes, one of a dependency it declares, or the row of its own upload."""

import re
from collections import defaultdict
from contextlib import suppress

import dagster as dg
import psycopg
import pytest

from pipelines.core.statements import statement
from pipelines.definitions import defs
from tests.defs.graphs import opened
from tests.defs.lectures import Graph as LecturesGraph
from tests.defs.lectures import lecture_captions
from tests.defs.test_documents_graph import SAMPLE
from tests.defs.test_documents_graph import Graph as DocumentsGraph

MADE_BY = {
    "slides": {"slides", "slide_images"},
    "document_pdfs": {"slides", "slide_images"},
    "slide_descriptions": {"slide_descriptions"},
    "slide_chunks_knowledge": {"slide_chunks"},
    "lecture_audio": {"lecture_audio"},
    "lecture_frames": {"lecture_frames"},
    "transcripts": {"transcripts"},
    "transcript_segments": {"transcripts"},
    "transcript_pieces": {"transcripts"},
    "lecture_chunks_knowledge": {"lecture_chunks"},
    "chunks": {"slide_chunks", "lecture_chunks"},
    "chunk_embeddings": {"slide_embeddings", "lecture_embeddings"},
    "chunk_terms": {"slide_chunks", "lecture_chunks"},
    "lecture_slides": {"lecture_slides"},
    "lecture_alignments": {"lecture_slides"},
    "lecture_documents": {"lecture_slides"},
    "slide_corrections": {"corrections"},
    "segment_corrections": {"corrections"},
    "document_titles": {"corrections"},
    "lecture_titles": {"corrections"},
}
"""Which assets make which table. Not here: uploads and courses, which the partition stands for, and what belongs to no
upload (the cache of paid work, embedding sets)."""

NOT_AN_INPUT = {
    "document_counts": "checks read back what readers will see",
    "lecture_counts": "checks read back what readers will see",
    "list_lectures_without_deck": "tells lectures of a deck that came late; nothing of the deck is made from it",
    "count_chunks_without_vectors": "asks whether another model's set is complete, of all courses",
}


@pytest.fixture
def read(monkeypatch):
    """Asset -> tables its statements named, while the test runs."""
    found = defaultdict(set)
    ignored = {statement(name) for name in NOT_AN_INPUT}
    execute = psycopg.Cursor.execute

    def spy(self, query, *arguments, **more):
        if isinstance(query, str) and query not in ignored:
            with suppress(dg.DagsterInvariantViolationError):  # outside of an asset
                tables = re.findall(r"(?<!delete )\b(?:from|join)\s+((?:ai\.)?\w+)", re.sub(r"--.*", "", query))
                found[dg.AssetExecutionContext.get().asset_key.to_user_string()] |= set(tables) & MADE_BY.keys()
        return execute(self, query, *arguments, **more)

    monkeypatch.setattr(psycopg.Cursor, "execute", spy)
    return found


def test_what_an_asset_reads_it_declares(tmp_path, database_url, monkeypatch, read):
    with opened(tmp_path, database_url, monkeypatch) as given:
        decks, lectures = DocumentsGraph(*given), LecturesGraph(*given)
        assert decks.run(decks.upload(SAMPLE.read_bytes(), "wind-power.pdf")).success
        assert lectures.run(lectures.upload(captions=lecture_captions())).success
    graph = defs.resolve_asset_graph()
    undeclared = {}
    for key in graph.materializable_asset_keys:
        asset = key.to_user_string()
        allowed = {asset, *(parent.to_user_string() for parent in graph.get(key).parent_keys)}
        undeclared[asset] = {table for table in read[asset] if not MADE_BY[table] & allowed}
    assert {asset: tables for asset, tables in undeclared.items() if tables} == {}
    assert {"slides", "chunk_embeddings", "transcript_segments"} <= read["lecture_slides"]
