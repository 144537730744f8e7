"""Readers of a deck and of a lecture on the page, as a student uses them."""

import io
import re
import wave

import psycopg
import pytest
from playwright.sync_api import expect

from pipelines.core.files import FileStore
from tests.serving.page.accessible import violations
from tests.serving.page.conftest import PHONE


def deck_at(page, material, number=None):
    page.goto(f"/courses/{material.course_id}/decks/{material.document_id}" + (f"?page={number}" if number else ""))
    page.get_by_role("searchbox", name="Search in this deck").wait_for()
    return page


def test_a_deck_is_read_searched_and_asked_about(opened, service, material):
    page = deck_at(opened(service), material, 2)
    page.get_by_role("img", name="Page 2: Momentum").wait_for()
    assert "damps oscillation" in page.get_by_role("main").inner_text()
    page.get_by_role("button", name="Page after").click()
    page.get_by_role("img", name="Page 3: Optimisers compared").wait_for()
    page.keyboard.press("ArrowLeft")
    page.get_by_role("img", name="Page 2: Momentum").wait_for()
    assert page.url.endswith("?page=2"), "the address names the page that is shown"
    search = page.get_by_role("searchbox", name="Search in this deck")
    search.fill("SUGAR carbon")
    page.get_by_role("link", name=re.compile("^Page 5 .*carbon dioxide")).wait_for()
    expect(page.locator("a[href$='?page=3']")).to_have_count(0)  # nor hidden, where a click would wait for it
    page.get_by_role("link", name=re.compile("^Page 5 .*carbon dioxide")).click()
    page.get_by_role("img", name="Page 5: Photosynthesis").wait_for()
    assert page.get_by_role("main").locator("mark").all_inner_texts() == ["carbon", "sugar"]
    search.fill("how large are the steps of an optimiser?")
    page.get_by_role("heading", name="Also about this").wait_for()
    page.get_by_role("link", name=re.compile("^Page 1 Gradient")).click()
    page.get_by_role("img", name="Page 1: Gradient descent").wait_for()
    assert violations(page) == [], "a search in a deck"
    page.get_by_role("button", name="Ask about this page").click()
    expect(page.get_by_role("textbox", name="Your question")).to_have_value("About week1.pdf, page 1: ")


@pytest.mark.slow
def test_a_deck_on_a_phone_has_its_pages_in_a_sheet(opened, service, material):
    page = opened(service, viewport=PHONE)
    page.goto(f"/courses/{material.course_id}/decks/{material.document_id}?page=99")
    page.get_by_role("img", name="Page 6: Bayes").wait_for()
    page.get_by_role("button", name="Pages").click()
    page.get_by_role("dialog", name="Pages").get_by_role("link", name="Page 4 Entropy").click()
    page.get_by_role("img", name="Page 4: Entropy").wait_for()
    page.get_by_role("dialog", name="Pages").wait_for(state="detached")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert violations(page) == []


@pytest.fixture
def spoken(serving_settings, material):
    """A lecture of three minutes of silence in which forty lines are said: its id."""
    files, sound = FileStore.open(serving_settings), io.BytesIO()
    with wave.open(sound, "wb") as out:
        out.setparams((1, 1, 8000, 0, "NONE", ""))
        out.writeframes(b"\x80" * 8000 * 180)
    sha = files.add(io.BytesIO(sound.getvalue())).sha256
    with psycopg.connect(serving_settings.database_url.get_secret_value(), autocommit=True) as connection:
        lecture = connection.execute(
            "insert into lectures (course_id, title, file_name, source_name, media_sha256, byte_count, published)"
            " values (%s, 'Lecture 2', 'lecture2.wav', 'lecture2.wav', %s, 1, true) returning id",
            [material.course_id, sha],
        ).fetchone()[0]  # fmt: skip
        connection.execute(
            "insert into transcripts (lecture_id, course_id, source, source_sha256, language, duration_ms, speech_ms,"
            " repaired, removed, code_version) values (%s, %s, 'speech', %s, 'en', 180000, 180000, 0, 0, '1')",
            [lecture, material.course_id, sha],
        )
        for at in range(40):
            connection.execute(
                "insert into transcript_segments (course_id, lecture_id, ordinal, start_ms, end_ms, text, words)"
                " values (%s, %s, %s, %s, %s, %s, '[]')",
                [material.course_id, lecture, at, at * 4500, at * 4500 + 4500, f"This is sentence {at + 1}."],
            )
        for page, start in ((2, 0), (3, 90_000)):
            connection.execute(
                "insert into lecture_slides (course_id, lecture_id, start_ms, end_ms, document_id, page, confidence)"
                " values (%s, %s, %s, %s, %s, %s, 0.9)",
                [material.course_id, lecture, start, start + 90_000, material.document_id, page],
            )
        yield lecture
        connection.execute("delete from lectures where id = %s", [lecture])


def now(page):
    return page.get_by_role("region", name="Transcript").locator("[aria-current=true]")


def test_a_lecture_is_heard_read_searched_and_asked_about(opened, service, material, spoken):
    page = opened(service)
    address = f"/courses/{material.course_id}/lectures/{spoken}"
    page.goto(f"{address}?t=57")
    expect(now(page)).to_have_text(re.compile("sentence 13"))
    media = page.locator("audio")
    page.get_by_role("img", name="week1.pdf, page 2").wait_for()
    lines = page.get_by_role("region", name="Transcript").get_by_role("button")
    lines.filter(has_text="sentence 25.").click()
    expect(now(page)).to_have_text(re.compile("sentence 25"))
    page.get_by_role("img", name="week1.pdf, page 3").wait_for()
    assert media.evaluate("media => !media.paused && media.currentTime >= 108"), "pressed, a line plays"
    page.keyboard.press("Space")
    assert media.evaluate("media => media.paused")
    at = int(re.search(r"\d+\.", now(page).inner_text())[0][:-1])
    for key, step in (("j", 1), ("k", 0), ("k", -1)):
        page.keyboard.press(key)
        expect(now(page)).to_have_text(re.compile(f"sentence {at + step}\\."))
    search = page.get_by_role("searchbox", name="Search in this lecture")
    search.fill("SENTENCE 39")
    page.get_by_text("1 line", exact=True).wait_for()
    lines.filter(has_text="sentence 39.").click()
    expect(now(page)).to_have_text(re.compile("sentence 39"))
    search.fill("")
    expect(now(page)).to_be_in_viewport()
    page.keyboard.press("Space")
    page.get_by_role("heading", name="Lecture 2").click()
    page.get_by_role("button", name="Ask about this minute").click()
    expect(page.get_by_role("textbox", name="Your question")).to_have_value(
        re.compile(r"^About lecture2.wav, 2:5\d: $")
    )
    page.goto(address)
    expect(now(page)).to_have_text(re.compile("sentence (39|40)"), timeout=60_000)
    assert violations(page) == [], "a lecture, where one had stopped"
    page.get_by_role("link", name="week1.pdf, page 3").click()
    page.get_by_role("img", name="Page 3: Optimisers compared").wait_for()
    page.get_by_role("link", name=re.compile("Lecture 2 1:30")).click()
    expect(now(page)).to_have_text(re.compile("sentence 21"))


@pytest.mark.slow
def test_words_without_a_recording_are_read_on_a_phone(opened, service, material, spoken, serving_settings):
    with psycopg.connect(serving_settings.database_url.get_secret_value(), autocommit=True) as connection:
        connection.execute(
            "update lectures set media_sha256 = null, captions_sha256 = media_sha256, captions_name = 'a.vtt'"
            " where id = %s", [spoken],
        )  # fmt: skip
        connection.execute("delete from lecture_slides where lecture_id = %s", [spoken])
    page = opened(service, viewport=PHONE)
    page.goto(f"/courses/{material.course_id}/lectures/{spoken}")
    page.get_by_text("only its words").wait_for()
    assert not page.locator("audio, video").count()
    page.keyboard.press("j")
    expect(now(page)).to_have_text(re.compile(r"sentence 2\."))
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert violations(page) == []
