"""Readers of a deck and of a lecture on the page, as a student uses them."""

import re

import pytest
from playwright.sync_api import expect

from tests.serving.page.conftest import PHONE
from tests.serving.page.test_looks import violations


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
