"""Where an answer comes from, as a reader sees it: sentence by sentence, to the page, the file and the run."""

from uuid import uuid4

import psycopg
import pytest

from tests.fakes import calls, text
from tests.serving.page.accessible import violations
from tests.serving.page.conftest import PHONE, WIDE
from tests.serving.page.test_student import CHIP, ask, ended, in_course

RUN = str(uuid4())


@pytest.fixture
def rows(service, material):
    with psycopg.connect(service.settings.database_url.get_secret_value(), autocommit=True) as connection:
        stages = f'{{"slides": {{"run_id": "{RUN}"}}, "slide_chunks": {{"run_id": "{RUN}"}}}}'
        connection.execute("update documents set stages = %s where id = %s", [stages, material.document_id])
        yield connection.execute
        connection.execute("update documents set stages = '{}' where id = %s", [material.document_id])


@pytest.mark.parametrize("viewport", [pytest.param(WIDE, id="wide"), pytest.param(PHONE, id="phone")])
def test_a_reader_follows_a_sentence_to_its_page_and_its_run_and_sees_what_changed(
    opened, service, material, model, rows, viewport, tmp_path
):
    page = in_course(opened(service, viewport=viewport), material)
    model.script(
        calls("momentum damps oscillation in narrow valleys, gradients and the learning rate"),
        text("Momentum damps oscillation in narrow valleys [1]. Steps even out."),
    )
    ask(page)
    ended(page)
    page.get_by_role("button", name="Where it comes from").click()
    dialog = page.get_by_role("dialog", name="Where it comes from")
    dialog.get_by_role("heading", name="Sentence by sentence").wait_for()
    shown = dialog.inner_text()
    assert "Written by scripted" in shown and "Steps even out." in shown and "No source" in shown
    assert "Read from the text of the page" in shown and "found and not used" in shown
    dialog.get_by_text("Technical details").click()
    link = dialog.get_by_role("link", name=RUN[:8])
    assert link.get_attribute("href") == f"http://127.0.0.1:{service.settings.dagster_port}/runs/{RUN}"
    assert "a" * 64 in dialog.inner_text() and "No. 1: no. 1 by meaning, no. 1 by words" in dialog.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=tmp_path / f"provenance-{scheme}-{viewport['width']}.png")
    assert violations(page) == []
    dialog.get_by_role("button", name="week1.pdf, page 2").click()
    dialog.wait_for(state="detached")
    page.get_by_role("img", name="week1.pdf, page 2").wait_for()
    (known,) = rows("select id from ai.slide_chunks_knowledge where page = 2").fetchone()
    rows("update ai.slide_chunks_knowledge set id = gen_random_uuid(), content = reverse(content) where page = 2")
    try:
        page.reload()
        page.get_by_role("button", name=CHIP).click()
        page.get_by_text("Changed since this answer was written. This is how it was then:").wait_for()
        then = page.get_by_role("img", name="week1.pdf, page 2")
        then.wait_for()
        assert "/api/sources/" in then.get_attribute("src")
        page.screenshot(path=tmp_path / f"changed-{viewport['width']}.png")
    finally:
        rows("update ai.slide_chunks_knowledge set id = %s, content = reverse(content) where page = 2", [known])
