"""The documents graph on a real database: each test uploads a deck and runs the job as the sensor would."""

import importlib
import io
from dataclasses import dataclass

import dagster as dg
import pymupdf
import pytest
from psycopg.types.json import Json

from pipelines.core.courses import ensure_course
from pipelines.core.description_refusals import find_description_refusal
from pipelines.core.documents import get_document, put_document
from pipelines.core.errors import UnreadableFileError
from pipelines.core.findings import list_findings
from pipelines.core.materials import list_materials
from pipelines.core.models import embedder_multilingual, providers
from pipelines.core.models.clients import MAX_RETRIES
from pipelines.core.models.embedder_local import LocalEmbedder
from pipelines.core.models.embedder_multilingual import MultilingualEmbedder
from pipelines.core.models.providers import embedder
from pipelines.core.records import OPERATOR, Document, Scope
from pipelines.core.retrieval import retrieve_chunks
from pipelines.core.settings import REPOSITORY, get_settings
from pipelines.core.slides import count_document, read_slide_descriptions, read_slides
from pipelines.core.stores import Stores
from pipelines.core.uploads import DOCUMENT, delete_upload, purge_upload
from pipelines.definitions import defs
from pipelines.defs import slides as slides_asset
from pipelines.defs.failures import MOST_RETRIES
from pipelines.defs.sensors import DOCUMENTS, look
from tests.defs.graphs import key_of, metadata, opened
from tests.fakes import FakeModel, Status

SAMPLE = REPOSITORY / "sample" / "wind-power.pdf"
PAGES = ["Gradient descent follows the slope downhill.", "Momentum remembers earlier steps.", "Adam adapts its steps."]


def pdf(*pages: str, password: str | None = None) -> bytes:
    document = pymupdf.open()
    for text in pages:
        document.new_page(width=400, height=300).insert_text((40, 80), text, fontsize=14)
    lock = {"encryption": pymupdf.PDF_ENCRYPT_AES_256, "user_pw": password, "owner_pw": password} if password else {}
    return document.tobytes(**lock)


@dataclass
class Graph:
    """The stores of one test, its Dagster instance, and the job."""

    stores: Stores
    instance: dg.DagsterInstance

    def upload(self, data: bytes, name: str = "week1.pdf", password: str | None = None) -> Document:
        stored = self.stores.files.add(io.BytesIO(data))
        with self.stores.database.transaction() as connection:
            course = ensure_course(connection, "Optimisation")
            document, _ = put_document(
                connection, sealer=self.stores.sealer, course_id=course.id, title=name, file_name=name,
                source_name=name, sha256=stored.sha256, byte_count=stored.byte_count, password=password,
            )  # fmt: skip
        return document

    def run(self, document: Document) -> dg.ExecuteInProcessResult:
        key = key_of(self.stores, document)
        self.instance.add_dynamic_partitions("documents", [key])
        job = defs.resolve_job_def("process_document")
        return job.execute_in_process(partition_key=key, instance=self.instance, raise_on_error=False)

    def again(self, document: Document) -> Document:
        with self.stores.database.transaction() as connection:
            return get_document(connection, document.id, person=OPERATOR, sealer=self.stores.sealer)

    def counts(self, document: Document):
        with self.stores.database.transaction() as connection:
            return count_document(connection, document)

    def search(self, document: Document, question: str) -> list[int | None]:
        hits = retrieve_chunks(
            self.stores.database, question, scope=Scope(course_id=document.course_id, person=OPERATOR),
            embed=embedder(self.stores.settings), limit=5,
        )  # fmt: skip
        return [hit.page for hit in hits]


@pytest.fixture
def graph(tmp_path, database_url, monkeypatch):
    with opened(tmp_path, database_url, monkeypatch) as given:
        yield Graph(*given)


@pytest.fixture
def model(monkeypatch):
    server = FakeModel()
    monkeypatch.setenv("MODEL_BASE_URL", server.url)
    monkeypatch.setenv("VISION_MODEL", "eyes")
    monkeypatch.setenv("MODEL_TIMEOUT_S", "5")
    monkeypatch.setenv("MODEL_CONCURRENCY", "1")
    get_settings.cache_clear()
    server.default = described("A slide.")
    yield server
    server.close()


def described(text: str) -> list[Status]:
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120, "cost": 0.002}
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return [Status(200, {"id": "c", "object": "chat.completion", "created": 1, "model": "eyes", "choices": [choice],
                         "usage": usage})]  # fmt: skip


def test_an_uploaded_deck_becomes_searchable_and_every_check_passes_but_the_missing_model_warns(graph):
    document = graph.upload(SAMPLE.read_bytes(), "wind-power.pdf")
    result = graph.run(document)
    assert result.success
    counts = graph.counts(graph.again(document))
    assert counts.searchable
    assert counts.slides == counts.images == 9
    assert graph.search(document, "What does the table on the slides compare?")[0] == 8
    assert "have second vectors" in metadata(result, "slide_embeddings")["other_languages"]
    failed = [event.check_name for event in result.get_asset_check_evaluations() if not event.passed]
    assert failed == ["every_slide_is_described"]
    assert "set VISION_MODEL" in metadata(result, "slide_descriptions")["model"]


def test_a_changed_slide_is_the_only_one_described_and_embedded_again(graph, model):
    first = graph.run(graph.upload(pdf(*PAGES)))
    assert metadata(first, "slide_descriptions")["made"] == 3
    assert metadata(first, "slide_descriptions")["cost_usd"] == 0.006
    changed = graph.upload(pdf(PAGES[0], "Nesterov looks ahead before it steps.", PAGES[2]))
    second = graph.run(changed)
    assert changed.generation == 2
    for asset in ("slide_descriptions", "slide_chunks", "slide_embeddings"):
        found = metadata(second, asset)
        assert (found["made"], found["reused"]) == (1, 2), asset
    assert graph.counts(graph.again(changed)).searchable


def test_what_was_paid_for_about_a_picture_ends_with_the_last_deck_that_shows_it(graph, model):
    """The description of a private deck's picture is nowhere once the deck is gone, as after its person's erasure."""
    model.default = described("A drawing of the canary.")
    private, shared = graph.upload(pdf(PAGES[0], PAGES[1]), "private.pdf"), graph.upload(pdf(PAGES[0]), "shared.pdf")
    for document in (private, shared):
        assert graph.run(document).success

    def kept():
        with graph.stores.database.transaction() as connection:
            tables = ("item_cache", "slide_descriptions", "ai.slide_chunks_knowledge")
            return [
                connection.execute(f"select count(*) from {table} t where t::text ~ 'canary'").fetchone()[0]  # noqa: S608
                for table in tables
            ]

    assert kept() == [2, 3, 3]
    for document, left in ((private, [1, 1, 1]), (shared, [0, 0, 0])):
        with graph.stores.database.transaction() as connection:
            delete_upload(connection, DOCUMENT, document.id)
        purge_upload(graph.stores.database, graph.stores.files, DOCUMENT, document.id)
        assert kept() == left


def test_a_deck_from_before_gets_its_second_vectors_and_keeps_the_first(graph, monkeypatch):
    monkeypatch.setattr(providers, "wants_second_vectors", lambda _: False)
    document = graph.upload(pdf(*PAGES))
    assert "no second vectors" in metadata(graph.run(document), "slide_embeddings")["other_languages"]
    monkeypatch.setattr(providers, "wants_second_vectors", lambda _: True)
    found = metadata(graph.run(graph.again(document)), "slide_embeddings")
    assert (found["made"], found["reused"]) == (0, 3)
    assert "all 3 chunks have second vectors, 3 made now" in found["other_languages"]


def test_second_vectors_that_cannot_be_made_are_told_and_fail_nothing(graph, monkeypatch):
    monkeypatch.setattr(embedder_multilingual, "FILES", [("no_such_wheel", "x", "")])
    missing = LocalEmbedder(multilingual=MultilingualEmbedder())
    monkeypatch.setitem(providers._local, (True, False), missing)
    document = graph.upload(pdf(*PAGES))
    result = graph.run(document)
    assert result.success
    assert "is not installed" in metadata(result, "slide_embeddings")["other_languages"]
    assert graph.counts(graph.again(document)).searchable


def test_running_twice_equals_running_once_and_pays_nothing(graph, model):
    document = graph.upload(pdf(*PAGES))
    graph.run(document)
    before = graph.counts(document)
    asked = len(model.requests)
    assert graph.run(document).success
    assert graph.counts(document) == before
    assert len(model.requests) == asked


def test_a_model_that_refuses_leaves_the_text_searchable_warns_and_is_tried_again(graph, model):
    document = graph.upload(pdf(*PAGES))
    model.script(described("First."), [Status(402)])
    refused = graph.run(document)
    assert refused.success, [event.message for event in refused.all_events if event.is_failure]
    assert len(model.requests) == 2, "a refusal is not tried again at once"
    assert graph.search(document, "What does momentum remember?")[0] == 2
    (warned,) = [check for check in refused.get_asset_check_evaluations() if not check.passed]
    assert (warned.check_name, warned.description) == (
        "every_slide_is_described",
        "eyes: the provider has no credit left for this key.",
    )
    assert graph.again(document).failure is None
    assert isinstance(look(DOCUMENTS, graph.stores, graph.instance, "[]"), dg.SkipReason), "not due yet"
    with graph.stores.database.transaction() as connection:
        assert [item.text for item in read_slide_descriptions(connection, document)] == ["First."]
        connection.execute("update description_refusals set retry_at = now()")
    (request,) = look(DOCUMENTS, graph.stores, graph.instance, "[]").run_requests
    assert request.run_key == f"document:{document.id}:descriptions:1:1"
    model.script()
    again = defs.resolve_job_def("process_document").execute_in_process(
        partition_key=request.partition_key, instance=graph.instance, asset_selection=request.asset_selection
    )
    assert again.success
    assert len(model.requests) == 2, "only what was not described yet is paid"
    with graph.stores.database.transaction() as connection:
        assert connection.execute("select count(*) from description_refusals").fetchone() == (0,)


def test_a_rate_limit_is_waited_for_and_tried_again(graph, model):
    document = graph.upload(pdf(PAGES[0]))
    model.script([Status(429, headers={"retry-after": "1"})], described("In the end."))
    assert graph.run(document).success
    assert len(model.requests) == 2


@pytest.mark.slow
def test_a_model_that_never_answers_leaves_the_text_searchable_after_the_last_attempt(graph, model):
    document = graph.upload(pdf(PAGES[0]))
    model.default = [Status(503, headers={"retry-after": "0"})]
    assert graph.run(document).success
    assert len(model.requests) == (MOST_RETRIES + 1) * (MAX_RETRIES + 1)
    assert graph.search(document, "What follows the slope?") == [1]
    with graph.stores.database.transaction() as connection:
        assert "could not be described now" in (find_description_refusal(connection, document) or "")


def drawn(*pages: str) -> bytes:
    """A deck of text pages; an empty text is a page that shows a drawing instead, a space a blank page."""
    document = pymupdf.open()
    for text in pages:
        page = document.new_page(width=400, height=300)
        if text:
            page.insert_text((40, 80), text, fontsize=14)
        else:
            page.draw_circle((200, 150), 60, fill=(0.2, 0.4, 0.8))
    return document.tobytes()


def test_a_page_that_shows_something_without_words_is_a_finding_where_people_and_dagster_look(graph):
    document = graph.upload(drawn(PAGES[0], "", PAGES[1], " "))
    result = graph.run(document)
    assert result.success
    with graph.stores.database.transaction() as connection:
        (finding,) = list_findings(connection, document)
        (material,) = list_materials(connection, Scope(course_id=document.course_id, person=OPERATOR))
    assert (finding.code, finding.page) == ("no_text", 2)
    assert material.state == "ready"
    assert material.note.startswith("Page 2: something is shown, but no words were found")
    assert material.note.endswith(finding.advice)
    (check,) = [each for each in result.get_asset_check_evaluations() if each.check_name == "every_page_is_read"]
    assert (check.passed, check.severity, check.metadata["pages"].value) == (
        False,
        dg.AssetCheckSeverity.WARN,
        "page 2",
    )
    assert metadata(result, "slides")["unreadable_share"] == 0.25


def test_a_deck_of_which_no_word_was_read_has_failed_and_is_never_ready(graph):
    document = graph.upload(drawn("", " ", ""))
    result = graph.run(document)
    assert not result.success
    kept = graph.again(document)
    assert kept.failure_code == "no_text"
    assert kept.failure.startswith("No word of week1.pdf could be read. Pages 1, 3: something is shown")
    with graph.stores.database.transaction() as connection:
        (material,) = list_materials(connection, Scope(course_id=document.course_id, person=OPERATOR))
    assert material.state == "failed"
    assert [group.pages for group in material.findings] == [(1, 3)]
    assert not [each for each in result.get_asset_check_evaluations() if each.check_name == "document_is_ready"]


def test_a_deck_that_lost_its_words_is_found_no_more(graph):
    graph.run(graph.upload(pdf(*PAGES)))
    document = graph.upload(drawn(""))
    assert not graph.run(document).success
    assert graph.search(document, "What does momentum remember?") == []


def scanned(*pages: str) -> bytes:
    """A deck whose pages are text, but for those that begin with "scan:", which are pictures of theirs."""
    document = pymupdf.open()
    for text in pages:
        page, scan = document.new_page(width=400, height=300), text.removeprefix("scan:")
        if scan == text:
            page.insert_text((40, 80), text, fontsize=14)
            continue
        with pymupdf.open() as original:
            original.new_page(width=400, height=300).insert_text((40, 80), scan, fontsize=14)
            page.insert_image(page.rect, pixmap=original[0].get_pixmap(dpi=150))
    return document.tobytes()


def state_of(graph, document):
    with graph.stores.database.transaction() as connection:
        (material,) = list_materials(connection, Scope(course_id=document.course_id, person=OPERATOR))
    return material


def recognise(graph, document, **more):
    """Run what the sensor asks for when the deck's text can be searched."""
    (request,) = look(DOCUMENTS, graph.stores, graph.instance, None).run_requests
    assert request.run_key.startswith(f"document:{document.id}:{document.generation}:recognition:")
    return defs.resolve_job_def(request.job_name).execute_in_process(
        partition_key=request.partition_key, instance=graph.instance, raise_on_error=False, tags=request.tags, **more
    )


def test_text_is_found_before_pictures_of_text_are_read_and_they_follow_with_what_did_not_change_kept(graph):
    document = graph.upload(scanned(PAGES[0], f"scan:{PAGES[1]}", PAGES[2]))
    first = graph.run(document)
    assert first.success
    assert graph.search(document, "What follows the slope?")[0] == 1
    waiting = state_of(graph, document)
    assert (waiting.state, waiting.recognising) == ("processing", True)
    assert waiting.note.startswith("Page 2: a picture whose words, if it has any, are not read yet.")
    assert metadata(first, "slides")["pages_to_recognise"] == "page 2"
    assert "every_page_is_read" not in {c.check_name for c in first.get_asset_check_evaluations() if not c.passed}

    second = recognise(graph, document)
    assert second.success, [event.message for event in second.all_events if event.is_failure]
    assert graph.search(document, "What does momentum remember?")[0] == 2
    assert metadata(second, "recognised_slides")["pages_by_ocr"] == 1
    for asset in ("slide_chunks", "slide_embeddings"):
        assert (metadata(second, asset)["made"], metadata(second, asset)["reused"]) == (1, 2), asset
    counts, after = graph.counts(document), state_of(graph, document)
    assert (counts.images, counts.searchable) == (3, True), "pictures of pages were lost"
    assert (after.state, after.note) == ("ready", "")
    assert isinstance(look(DOCUMENTS, graph.stores, graph.instance, "[]"), dg.SkipReason)
    with graph.stores.database.transaction() as connection:
        assert [slide.text_source for slide in read_slides(connection, document)] == ["layer", "ocr", "layer"]


def test_a_deck_whose_pages_are_still_drawn_is_not_recognised_yet_so_that_the_next_deck_finds_a_place(graph):
    document = graph.upload(scanned(PAGES[0], f"scan:{PAGES[1]}"))
    assert graph.run(document).success
    with graph.stores.database.transaction() as connection:
        (drawn,) = connection.execute(
            "update documents set stages = stages #- '{slide_images,ended_at}' where id = %s returning old.stages",
            [document.id],
        ).fetchone()
    assert isinstance(look(DOCUMENTS, graph.stores, graph.instance, None), dg.SkipReason)
    with graph.stores.database.transaction() as connection:
        connection.execute("update documents set stages = %s where id = %s", [Json(drawn), document.id])
    assert len(look(DOCUMENTS, graph.stores, graph.instance, None).run_requests) == 1


def test_pictures_of_text_leave_a_place_for_the_text_of_another_deck(graph):
    names = [f"{name}.pdf" for name in "abc"]
    decks = [graph.upload(scanned(PAGES[0], f"scan:{PAGES[1]} {name}"), name=name) for name in names]
    for deck in decks:
        assert graph.run(deck).success
    (request,) = look(DOCUMENTS, graph.stores, graph.instance, None).run_requests
    assert str(decks[0].id) in request.run_key, "three places for runs, and two are kept free"
    assert isinstance(look(DOCUMENTS, graph.stores, graph.instance, f'["{request.run_key}"]'), dg.SkipReason)


def test_pictures_of_text_wait_five_minutes_at_most_for_decks_that_have_no_text_yet(graph):
    def asked():
        found = look(DOCUMENTS, graph.stores, graph.instance, None).run_requests
        return ["recognition" in request.run_key for request in found]

    read = graph.upload(scanned(PAGES[0], f"scan:{PAGES[1]}"))
    assert graph.run(read).success
    assert asked() == [True]
    graph.upload(scanned(PAGES[2]), name="next.pdf")
    assert asked() == [False], "the next deck's text comes first"
    with graph.stores.database.transaction() as connection:
        connection.execute(
            "update documents set stages = jsonb_set(stages, '{slide_images,ended_at}',"
            " to_jsonb(now() - interval '6 minutes')) where id = %s", [read.id],
        )  # fmt: skip
    assert sorted(asked()) == [False, True], "not behind decks that never end"


@pytest.mark.slow
def test_a_deck_without_other_text_is_recognised_at_once(graph):
    document = graph.upload(scanned(f"scan:{PAGES[1]}"))
    assert graph.run(document).success
    assert graph.search(document, "What does momentum remember?") == [1]
    assert state_of(graph, document).state == "ready"
    assert isinstance(look(DOCUMENTS, graph.stores, graph.instance, "[]"), dg.SkipReason)


def test_pictures_that_cannot_be_recognised_leave_the_text_ready_and_are_told(graph, monkeypatch):
    document = graph.upload(scanned(PAGES[0], f"scan:{PAGES[1]}"))
    assert graph.run(document).success

    def give_up(*arguments, **more):
        raise UnreadableFileError("It took too long.", code="parser_limit")

    monkeypatch.setattr(slides_asset, "read_deck", give_up)
    result = recognise(graph, document)
    assert result.success
    after = state_of(graph, document)
    assert after.state == "ready"
    assert after.note.startswith("Page 2: a picture whose words, if it has any, were not read. It took too long.")
    (check,) = [each for each in result.get_asset_check_evaluations() if each.check_name == "every_picture_is_read"]
    assert (check.passed, check.metadata["pages"].value) == (False, "page 2")
    assert graph.search(document, "What follows the slope?")[0] == 1


@pytest.mark.slow
@pytest.mark.parametrize("meanwhile", ["replaced", "taken over"])
def test_a_recognition_that_comes_too_late_writes_nothing(graph, monkeypatch, meanwhile):
    data = scanned(PAGES[0], f"scan:{PAGES[1]}")
    document, seen = graph.upload(data), {}
    assert graph.run(document).success

    def rows():
        with graph.stores.database.transaction() as connection:
            return [
                connection.execute(f"select xmin::text, * from {table} order by 1, 2").fetchall()  # noqa: S608
                for table in ("slides", "findings", "ai.slide_chunks_knowledge", "ai.chunk_terms")
            ]

    def too_late(*arguments, **more):
        monkeypatch.undo()
        deck = read_deck(*arguments, **more)
        if meanwhile == "replaced":
            assert graph.run(graph.upload(pdf(*PAGES))).success
        else:
            (lost,) = graph.instance.get_runs(dg.RunsFilter(job_name="recognise_document"))
            graph.instance.report_run_failed(lost, "Its machine was lost.")
            again = defs.resolve_job_def("recognise_document").execute_in_process(
                partition_key=key_of(graph.stores, document), instance=graph.instance
            )
            assert again.success
        seen["rows"] = rows()
        return deck

    read_deck = slides_asset.read_deck
    monkeypatch.setattr(slides_asset, "read_deck", too_late)
    assert not recognise(graph, document).success
    assert rows() == seen["rows"]
    assert state_of(graph, document).state == "ready"
    assert graph.again(document).failure is None


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"GIF89a", "not_a_pdf", "not a PDF"),
        (b"%PDF-1.7\nnothing else", "damaged", "damaged"),
        (pdf("x", password="secret"), "password_required", "password"),
    ],
)
def test_a_file_nobody_can_read_fails_once_with_a_sentence_and_leaves_nothing(graph, data, code, words):
    document = graph.upload(data)
    result = graph.run(document)
    assert not result.success
    assert not [event for event in result.all_events if event.event_type_value == "STEP_UP_FOR_RETRY"]
    kept = graph.again(document)
    assert kept.failure_code == code
    assert words in kept.failure
    assert graph.counts(document).slides == 0


def test_a_password_given_with_a_new_upload_opens_the_deck(graph):
    data = pdf(*PAGES, password="secret")
    graph.run(graph.upload(data))
    document = graph.upload(data, password="secret")
    assert graph.run(document).success
    assert graph.counts(document).searchable
    assert graph.again(document).failure is None


def test_a_replaced_upload_cannot_be_overwritten_by_the_older_run(graph, monkeypatch):
    old = graph.upload(pdf(*PAGES))
    new_id = []

    def replace_meanwhile(*arguments, **more):
        new_id.append(graph.upload(pdf("A new deck about Adam.")).id)
        return read_deck(*arguments, **more)

    import pipelines.defs.slides as module

    read_deck = module.read_deck
    monkeypatch.setattr(module, "read_deck", replace_meanwhile)
    result = graph.run(old)
    monkeypatch.undo()
    assert new_id == [old.id]
    assert not result.success
    assert graph.counts(old).slides == 0, "rows of the old upload were written"
    assert graph.again(old).failure is None, "a superseded upload has nothing to say"


def test_a_deck_deleted_while_it_is_read_does_not_come_back(graph, monkeypatch):
    document = graph.upload(pdf(*PAGES))

    def delete_meanwhile(*arguments, **more):
        deck = read_deck(*arguments, **more)
        with graph.stores.database.transaction() as connection:
            delete_upload(connection, DOCUMENT, document.id)
        return deck

    import pipelines.defs.slides as module

    read_deck = module.read_deck
    monkeypatch.setattr(module, "read_deck", delete_meanwhile)
    assert not graph.run(document).success
    with graph.stores.database.transaction() as connection:
        (rows,) = connection.execute("select count(*) from slides").fetchone()
        (chunks,) = connection.execute("select count(*) from ai.slide_chunks_knowledge").fetchone()
    assert (rows, chunks) == (0, 0)


@pytest.mark.parametrize(
    ("asset", "given_up"),
    [
        pytest.param("slides", True, id="slides, given up by Dagster"),
        pytest.param("chunks", False, id="chunks, still held for alive"),
        pytest.param("slides", False, id="slides, still held for alive", marks=pytest.mark.slow),
        pytest.param("chunks", True, id="chunks, given up by Dagster", marks=pytest.mark.slow),
    ],
)
def test_a_run_that_was_cut_off_and_comes_back_after_its_retry_succeeded_writes_nothing(
    graph, monkeypatch, asset, given_up
):
    """Its machine is gone for a while: in the asset `slides`, or in `slide_chunks` when its slides are written."""
    document, seen = graph.upload(pdf(*PAGES)), {}

    def rows():
        with graph.stores.database.transaction() as connection:
            return [
                connection.execute(f"select xmin::text, * from {table} order by 1, 2").fetchall()  # noqa: S608
                for table in ("documents", "slides", "ai.slide_chunks_knowledge", "ai.chunk_terms")
            ]

    def cut_off(*arguments, **more):
        monkeypatch.undo()
        made = real(*arguments, **more)
        (lost,) = graph.instance.get_runs()
        if given_up:
            graph.instance.report_run_failed(lost, "Its machine was lost.")
        assert graph.run(document).success
        seen["rows"] = rows()
        return made

    module = importlib.import_module(f"pipelines.defs.{asset}")
    function = {"slides": "read_deck", "chunks": "cut_deck"}[asset]
    real = getattr(module, function)
    monkeypatch.setattr(module, function, cut_off)
    result = graph.run(document)
    assert seen, "nothing was cut off"
    assert not result.success
    assert rows() == seen["rows"]
    assert graph.counts(graph.again(document)).searchable
    assert graph.again(document).failure is None


def test_a_run_that_dagster_has_given_up_begins_no_further_asset(graph, monkeypatch):
    """Cut off between two assets, and no other run has begun yet."""
    document = graph.upload(pdf(*PAGES))

    def give_up(*arguments, **more):
        (run,) = graph.instance.get_runs()
        graph.instance.report_run_failed(run, "Its machine was lost.")
        return real(*arguments, **more)

    import pipelines.defs.slides as module

    real = module.count_document
    monkeypatch.setattr(module, "count_document", give_up)
    assert not graph.run(document).success
    counts = graph.counts(document)
    assert (counts.slides, counts.chunks) == (3, 0)


def test_materializing_downstream_of_another_uploads_slides_is_refused(graph):
    document = graph.upload(pdf(*PAGES))
    graph.run(document)
    graph.upload(pdf("Other"))
    job = defs.resolve_job_def("process_document")
    result = job.execute_in_process(
        partition_key=key_of(graph.stores, document), instance=graph.instance, raise_on_error=False,
        asset_selection=[dg.AssetKey("slide_chunks")],
    )  # fmt: skip
    assert not result.success
    assert "materialize `slides` first" in graph.again(document).failure


def test_a_picture_is_rendered_once_for_the_same_bytes(graph):
    document = graph.upload(pdf(*PAGES))
    assert metadata(graph.run(document), "slide_images")["made"] == 3
    assert metadata(graph.run(document), "slide_images")["made"] == 0
    with graph.stores.database.transaction() as connection:
        assert all(graph.stores.files.has(slide.image_sha256) for slide in read_slides(connection, document))
