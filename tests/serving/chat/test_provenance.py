"""An answer can be followed back to file, model and run, and its citations outlive what is made of the file again."""

import io
from contextlib import contextmanager
from uuid import uuid4

import psycopg
import pytest
from PIL import Image

from pipelines.answering.prompts import PROMPT_VERSION
from pipelines.core.files import FileStore
from pipelines.core.postgres import Database
from pipelines.core.stored_files import sweep_files
from tests.fakes import calls, text
from tests.serving.chat.test_loop import ask, parts_of

RUN, LATER = str(uuid4()), str(uuid4())


@pytest.fixture(scope="module")
def rows(service, material):
    """Runs SQL on the service's database; the deck's stages are said to be two runs' work."""
    with psycopg.connect(service.settings.database_url.get_secret_value(), autocommit=True) as connection:
        stages = f'{{"slides": {{"run_id": "{RUN}"}}, "slide_chunks": {{"run_id": "{LATER}"}}}}'
        connection.execute("update documents set stages = %s where id = %s", [stages, material.document_id])
        yield connection.execute
        connection.execute("update documents set stages = '{}' where id = %s", [material.document_id])


@pytest.fixture
def answer(service, material, model, rows):
    """The parts of an answer of two sentences, one of them cited."""
    model.script(
        calls("momentum damps oscillation in narrow valleys, gradients and the learning rate"),
        text("It “damps oscillation in narrow valleys”. [1] So steps even out."),
    )
    return parts_of(ask(service, material, "What does momentum damp?", chat=str(uuid4())))


def source_of(parts):
    return next(part for part in parts if part["type"] == "source-document")


@contextmanager
def page_two(rows, **values):
    """Chunks of the second page with other values; put back as they were."""
    table = "ai.slide_chunks_knowledge"
    before = rows(f"select * from {table} where page = 2").fetchone()  # noqa: S608
    names = [column.name for column in rows(f"select * from {table} limit 0").description]  # noqa: S608
    known = dict(zip(names, before, strict=True))
    sets = ", ".join(f"{name} = %s" for name in values)
    rows(f"update {table} set {sets} where id = %s", [*values.values(), known["id"]])  # noqa: S608
    try:
        yield
    finally:
        back = ", ".join(f"{name} = %s" for name in values)
        now = values.get("id", known["id"])
        rows(f"update {table} set {back} where id = %s", [*(known[name] for name in values), now])  # noqa: S608


def test_from_a_sentence_to_page_file_models_and_runs_and_what_was_passed_over(service, answer, material):
    told = service.http.get(f"/api/messages/{answer[0]['messageId']}/provenance").json()
    assert [(each["text"], each["handles"]) for each in told["sentences"]] == [
        ("It “damps oscillation in narrow valleys”. [1]", [1]), ("So steps even out.", []),
    ]  # fmt: skip
    assert (told["question"], told["model"]) == ("What does momentum damp?", "scripted")
    assert told["promptVersion"] == PROMPT_VERSION
    (cited,) = told["sources"]
    assert cited["where"] == "week1.pdf, page 2: Momentum" and "damps oscillation" in cited["quote"]
    assert (cited["fileSha256"], cited["readFrom"], cited["chunkerVersion"]) == ("a" * 64, "layer", "1")
    assert cited["embeddingModel"].startswith("local/") and cited["embeddingDims"] == 384 and cited["embeddingSet"]
    assert cited["rank"] == cited["denseRank"] == cited["lexicalRank"] == 1
    runs = {run["runId"]: (run["stages"], run["url"]) for run in cited["runs"]}
    assert runs == {
        RUN: (["slides"], f"http://127.0.0.1:{service.settings.dagster_port}/runs/{RUN}"),
        LATER: (["slide_chunks"], f"http://127.0.0.1:{service.settings.dagster_port}/runs/{LATER}"),
    }
    assert [(each["handle"], each["cited"]) for each in told["found"]][:2] == [(1, True), (2, False)]
    assert told["found"][1]["where"] == "week1.pdf, page 1: Gradient descent" and told["found"][1]["rank"] == 2
    assert service.http.get(f"/api/messages/{told['key']}/provenance").json() == told


def test_an_answer_without_a_model_says_so_and_one_that_is_not_there_is_not_found(quoting, material, rows):
    parts = parts_of(ask(quoting, material, "What does momentum damp?", chat=str(uuid4())))
    told = quoting.http.get(f"/api/messages/{parts[0]['messageId']}/provenance").json()
    assert told["model"] is None and told["promptVersion"] is None and told["sources"]
    for name in (str(uuid4()), "msg_" + uuid4().hex):
        assert quoting.http.get(f"/api/messages/{name}/provenance").status_code == 404


def test_the_same_words_on_another_page_are_cited_there(service, answer, rows):
    part, chat = source_of(answer), answer[0]["messageMetadata"]["sessionId"]
    with page_two(rows, id=uuid4(), page=7, pages=[7], page_label="5"):
        history = service.http.get(f"/api/sessions/{chat}/messages").json()["items"][1]["parts"]
        kept = source_of(history)
        place = kept["providerMetadata"]["studybuddy"]
        assert (place["page"], place["pageLabel"], place.get("changed")) == (7, "5", None)
        assert kept["title"] == "week1.pdf, page 7 (printed 5): Momentum"
        card = service.http.get(f"/api/sources/{part['sourceId']}").json()
        assert (card["page"], card["pageLabel"], card["changed"]) == (7, "5", False)
        rows("update slides set page = 7 where page = 2")
        try:
            card = service.http.get(f"/api/sources/{part['sourceId']}").json()
            assert "/pages/7/" in card["imageUrl"]
            rows("update slides set image_sha256 = null where page = 7")
            card = service.http.get(f"/api/sources/{part['sourceId']}").json()
            assert "/api/sources/" in card["imageUrl"], "until the page is drawn again"
        finally:
            drawn = "(select image_sha256 from slides where page = 1)"
            rows(f"update slides set page = 2, image_sha256 = {drawn} where page = 7")  # noqa: S608
        told = service.http.get(f"/api/messages/{answer[0]['messageId']}/provenance").json()
        assert told["sources"][0]["where"] == kept["title"] and not told["sources"][0]["changed"]


def test_other_words_are_said_to_have_changed_and_shown_on_the_picture_of_then(service, answer, rows, material):
    part, chat = source_of(answer), answer[0]["messageMetadata"]["sessionId"]
    files, drawn = FileStore.open(service.settings), io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(drawn, "WEBP")
    drawn.seek(0)
    other = files.add(drawn).sha256
    (before,) = rows("select image_sha256 from slides where page = 2").fetchone()
    with page_two(rows, id=uuid4(), content="Something else."):
        rows("update slides set image_sha256 = %s", [other])  # no page of today shows the old picture
        try:
            history = service.http.get(f"/api/sessions/{chat}/messages").json()["items"][1]["parts"]
            assert source_of(history)["providerMetadata"]["studybuddy"]["changed"] is True
            with Database(service.settings.database_url.get_secret_value()) as database:
                sweep_files(database, files, older_than_s=0)
            card = service.http.get(f"/api/sources/{part['sourceId']}").json()
            assert card["changed"] is True and "Something" not in card["quote"]
            request = service.http.build_request("GET", card["imageUrl"])
            del request.headers["authorization"]
            assert service.http.send(request).content == material.image
            rows("update ai.message_sources set image_sha256 = null where id = %s", [part["sourceId"]])
            card = service.http.get(f"/api/sources/{part['sourceId']}").json()
            assert card["imageUrl"] is None, "a page of today is none of then"
        finally:
            rows("update slides set image_sha256 = %s", [before])
            files.add(io.BytesIO(material.image))


def test_pictures_of_a_deleted_deck_are_not_kept_for_its_citations(service, answer, rows, material):
    part = source_of(answer)
    kept = "select image_sha256 from ai.message_sources where id = %s"
    assert rows(kept, [part["sourceId"]]).fetchone()[0] is not None
    rows("update documents set deleted_at = now() where id = %s", [material.document_id])
    try:
        assert rows(kept, [part["sourceId"]]).fetchone() == (None,)
        assert service.http.get(f"/api/sources/{part['sourceId']}/image").status_code == 404
    finally:
        rows("update documents set deleted_at = null where id = %s", [material.document_id])
