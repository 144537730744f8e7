from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from pipelines.core.search.copies import without_copies

SLIDE = (
    "Momentum accumulates an exponentially decaying moving average of past gradients and continues to move in their "
    "direction; learning rate alpha controls speed, velocity controls memory, oscillation across ravines shrinks"
)
OTHERS = (
    "Nelder Mead compares simplex vertices, reflects worst points, expands promising directions, contracts around "
    "bests, shrinks whole simplexes; golden ratio brackets univariate minima while bisecting intervals repeatedly. "
    "Evolution strategies mutate, recombine, select offspring populations using tournament or truncation schemes"
)


def row(content, source=None, kind="slide", score=0.5):
    return {"chunk_id": uuid4(), "source_id": source or uuid4(), "kind": kind, "content": content, "score": score}


def nothing_scanned(chunk_ids):
    return set()


def test_a_scan_gives_its_place_to_the_deck_whose_text_came_with_it():
    scan, original = row(SLIDE.replace("ravines", "rav1nes"), score=0.9), row(SLIDE, score=0.8)
    kept = without_copies([scan, row(OTHERS, score=0.85), original], lambda ids: {scan["chunk_id"]})
    assert (kept[0]["chunk_id"], kept[0]["score"]) == (original["chunk_id"], 0.9)
    assert len(kept) == 2


def test_a_slide_by_itself_is_shown_rather_than_the_sheet_that_holds_it_among_others():
    sheet, single = row(f"{SLIDE}. {OTHERS}", score=0.9), row(SLIDE, score=0.8)
    assert [item["chunk_id"] for item in without_copies([sheet, single], nothing_scanned)] == [single["chunk_id"]]


def test_two_slides_of_one_deck_are_never_copies():
    deck = uuid4()
    assert len(without_copies([row(SLIDE, deck), row(SLIDE, deck)], nothing_scanned)) == 2


def test_short_titles_and_speech_are_left_alone():
    rows = [row("Momentum"), row("Momentum"), row(SLIDE, kind="speech"), row(SLIDE)]
    assert len(without_copies(rows, nothing_scanned)) == 4


def test_slides_that_share_a_subject_but_few_words_both_stay():
    assert len(without_copies([row(SLIDE), row("Momentum: gradients " + OTHERS)], nothing_scanned)) == 2


def test_nobody_is_asked_what_was_scanned_where_there_are_no_copies():
    def asked(chunk_ids):
        raise AssertionError("asked")

    without_copies([row(SLIDE), row(OTHERS)], asked)


@given(st.lists(st.sampled_from([SLIDE, OTHERS, f"{SLIDE} {OTHERS}", "Momentum", ""]), max_size=8))
def test_scores_stay_in_order_and_nothing_is_shown_twice(contents):
    rows = [row(content, score=1 - place / 10) for place, content in enumerate(contents)]
    kept = without_copies(rows, nothing_scanned)
    scores = [item["score"] for item in kept]
    assert scores == sorted(scores, reverse=True)
    assert len({item["chunk_id"] for item in kept}) == len(kept) <= len(rows)
    assert not rows or kept
