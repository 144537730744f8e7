"""Office files through the documents graph: one PDF is made, kept, and goes with the upload."""

import pytest

from pipelines.core.document_pdfs import find_document_pdf
from pipelines.core.findings import list_findings
from pipelines.core.settings import get_settings
from pipelines.core.slides import read_slides
from pipelines.core.stored_files import check_files
from pipelines.core.uploads import DOCUMENT, delete_upload, purge_upload
from pipelines.defs import pages
from pipelines.steps.documents.office import find_libreoffice
from tests.defs.test_documents_graph import graph  # noqa: F401  a fixture
from tests.steps import office_files

needs_libreoffice = pytest.mark.skipif(
    find_libreoffice() is None, reason="LibreOffice is not installed (Debian: libreoffice-nogui)"
)


@needs_libreoffice
def test_a_presentation_becomes_searchable_slides_with_pictures_of_one_pdf(graph, monkeypatch):  # noqa: F811
    made = []
    real = pages.office_as_pdf
    monkeypatch.setattr(pages, "office_as_pdf", lambda *a, **k: (made.append(1), real(*a, **k))[1])
    deck = office_files.pptx([["Momentum remembers earlier steps."], ["Adam adapts its steps."]])
    document = graph.upload(deck, name="week1.pptx")
    assert graph.run(document).success
    counts = graph.counts(document)
    assert (counts.slides, counts.images, counts.searchable, len(made)) == (2, 2, True, 1)
    assert graph.search(document, "What does momentum remember?")[0] == 1
    with graph.stores.database.transaction() as connection:
        assert [slide.page for slide in read_slides(connection, document)] == [1, 2]
        pdf = find_document_pdf(connection, document)
        assert check_files(graph.stores.database, graph.stores.files).unreferenced == ()
    assert pdf is not None
    assert graph.run(document).success
    assert len(made) == 1

    document = graph.upload(office_files.pptx([["Convex sets."], ["Only for me"]], hidden=[2]), name="week1.pptx")
    assert graph.run(document).success
    assert (graph.counts(document).slides, len(made)) == (1, 2)
    with graph.stores.database.transaction() as connection:
        assert [found.code for found in list_findings(connection, document)] == ["hidden_slides"]

    with graph.stores.database.transaction() as connection:
        delete_upload(connection, DOCUMENT, document.id)
    purge_upload(graph.stores.database, graph.stores.files, DOCUMENT, document.id)
    left = check_files(graph.stores.database, graph.stores.files)
    assert pdf.pdf_sha256 in left.unreferenced
    assert left.missing == ()


def test_without_libreoffice_the_upload_fails_once_with_what_to_do(graph, monkeypatch, tmp_path):  # noqa: F811
    monkeypatch.setenv("LIBREOFFICE", str(tmp_path))
    get_settings.cache_clear()
    document = graph.upload(office_files.docx(["Words"]), name="notes.docx")
    assert not graph.run(document).success
    document = graph.again(document)
    assert document.failure_code == "no_office"
    assert "Export it as PDF" in document.failure
