"""The sample course: its scripts make what is committed, and its questions are about what is there."""

import importlib.util
import json
import shutil
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import av
import numpy as np
import pymupdf
import pytest

SAMPLE = Path(__file__).resolve().parents[2] / "sample"
DECK = SAMPLE / "wind-power.pdf"
RECORDING = SAMPLE / "wind-power-lecture.ogg"


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, SAMPLE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def lines(name: str) -> list[dict]:
    return [json.loads(line) for line in (SAMPLE / name).read_text().splitlines()]


def picture(page: pymupdf.Page) -> np.ndarray:
    pixels = page.get_pixmap(dpi=48, colorspace=pymupdf.csGRAY)
    return np.frombuffer(pixels.samples, dtype=np.uint8).astype(int)


def test_the_script_makes_the_committed_deck() -> None:
    make_deck = script("make_deck").make_deck
    made = make_deck()
    assert made == make_deck()  # nothing in it depends on the clock or on chance
    with pymupdf.open(stream=made) as new, pymupdf.open(DECK) as committed:
        assert [page.get_text() for page in new] == [page.get_text() for page in committed]
        assert new.get_toc() == committed.get_toc()
        for ours, theirs in zip(new, committed, strict=True):
            # another PyMuPDF may place an edge a grey level apart, never a word
            assert np.abs(picture(ours) - picture(theirs)).mean() < 2


def test_the_deck_has_what_real_decks_have() -> None:
    with pymupdf.open(DECK) as deck:
        printed = [page.get_text().partition(" / 8")[0].rsplit("\n", 1)[-1] for page in deck][1:]
        assert printed == ["2", "3", "4", "5", "5", "6", "7", "8"]  # two frames print one number, the title page none
        assert " / 8" not in deck[0].get_text()
        assert len(deck.get_toc()) == 4


def test_questions_on_slides_are_answered_where_they_say() -> None:
    asked = [q for q in lines("questions.jsonl") if q["kind"] == "slide"]
    assert len(asked) >= 6
    with pymupdf.open(DECK) as deck:
        for question in asked:
            text = " ".join(" ".join(deck[page - 1].get_text() for page in question["pages"]).split())
            assert question["file"] == DECK.name
            assert all(term in text for term in question["evidence_terms"]), question["id"]


def test_spoken_questions_are_answered_on_no_slide() -> None:
    asked = [q for q in lines("questions.jsonl") if q["kind"] == "speech"]
    said = " ".join((SAMPLE / "lecture.txt").read_text().split())
    assert len(asked) >= 4
    with pymupdf.open(DECK) as deck:
        shown = " ".join(page.get_text() for page in deck)
    for question in asked:
        assert question["file"] == RECORDING.name
        assert all(term in said and term not in shown for term in question["evidence_terms"]), question["id"]


def test_spans_cover_the_recording_and_every_page() -> None:
    spans = lines("spans.jsonl")
    with av.open(str(RECORDING)) as container:
        assert container.duration is not None
        length_s = container.duration / av.time_base
    assert spans[0]["t_start"] == 0
    assert spans[-1]["t_end"] == pytest.approx(length_s, abs=0.2)
    assert all(before["t_end"] == after["t_start"] for before, after in pairwise(spans))
    assert [page for span in spans for page in span["pages"]] == list(range(1, 10))
    assert {(span["lecture"], span["deck"]) for span in spans} == {(RECORDING.name, DECK.name)}
    for question in lines("questions.jsonl"):
        if question["kind"] == "speech":
            assert 0 <= question["t_start"] < question["t_end"] <= length_s


def test_the_lecture_is_small_enough_to_ship() -> None:
    assert RECORDING.stat().st_size < 1_000_000


def test_every_paragraph_of_the_script_has_its_pages() -> None:
    make_lecture = script("make_lecture")
    text = make_lecture.SCRIPT.read_text()
    paragraphs = make_lecture.read_script(text)
    assert len(paragraphs) == text.count("[page ")
    assert all(sentence[-1] in ".?!" for _, sentences in paragraphs for sentence in sentences)


@pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed: apt-get install flite")
def test_the_script_speaks_the_committed_lecture(tmp_path: Path) -> None:
    script("make_lecture").make_lecture(tmp_path)
    for name in ("spans.jsonl", "questions.jsonl"):
        for made, committed in zip(
            map(json.loads, (tmp_path / name).read_text().splitlines()), lines(name), strict=True
        ):
            times = ("t_start", "t_end")
            assert {k: v for k, v in made.items() if k not in times} == {
                k: v for k, v in committed.items() if k not in times
            }
            assert [made.get(k) for k in times] == pytest.approx([committed.get(k) for k in times], abs=0.5)
