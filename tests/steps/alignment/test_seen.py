"""What was seen decides; speech chooses between pages that look the same and fills what no picture tells."""

from pipelines.core.records import SlideSpan
from pipelines.steps.alignment.seen import SceneMatch, SeenSpan, laid_over, seen_ms, seen_spans
from tests.steps.alignment.test_align import DECK, OTHER, aligned, said, slides


def scene(start_s: int, end_s: int, *pages: int, steady: bool = True) -> SceneMatch:
    found = frozenset((DECK, page) for page in pages)
    return SceneMatch(start_ms=start_s * 1000, end_ms=end_s * 1000, steady=steady, pages=found)


def times(spans: list[SeenSpan]) -> list[tuple[int, int, list[int]]]:
    return [(s.start_ms // 1000, s.end_ms // 1000, sorted(page for _, page in s.pages)) for s in spans]


def test_a_slide_stays_while_the_camera_is_elsewhere_and_a_screen_between_slides_is_none() -> None:
    shown = [scene(0, 60, 1), scene(60, 80, steady=False), scene(80, 90, 1), scene(90, 120), scene(120, 150, 2)]
    assert times(seen_spans(shown)) == [(0, 60, [1]), (60, 80, [1]), (80, 90, [1]), (90, 120, []), (120, 150, [2])]


def test_where_hardly_a_slide_is_seen_a_screen_says_nothing() -> None:
    assert times(seen_spans([scene(0, 100), scene(100, 110, 1), scene(110, 200)])) == [(100, 110, [1])]
    assert seen_spans([scene(0, 100), scene(100, 200, steady=False)]) == []


def test_a_deck_is_seen_as_long_as_pages_of_its_own_are() -> None:
    both = SceneMatch(start_ms=0, end_ms=5000, steady=True, pages=frozenset({(DECK, 1), (OTHER, 1)}))
    assert seen_ms([both, scene(5, 12, 2), scene(12, 20)]) == {DECK: 7000}


def test_what_was_seen_decides_to_the_second_and_speech_fills_the_rest() -> None:
    pages = slides("wind", "blade", "grid", "cost")
    talk = said("wind", "wind", "grid", "cost")
    seen = seen_spans([scene(0, 13, 1), scene(13, 33, 2), scene(33, 60), scene(60, 120, steady=False)])
    spans = aligned(talk, pages, seen=seen)
    assert [(s.start_ms // 1000, s.page) for s in spans] == [(0, 1), (13, 2), (33, None), (60, 3), (90, 4)]
    assert spans[-1].end_ms == 120_000


def test_speech_chooses_between_pages_that_look_the_same() -> None:
    pages = slides("wind", "blade", "grid", "cost")
    seen = seen_spans([scene(0, 30, 1, 4), scene(30, 60, 2), scene(60, 90, 3), scene(90, 120, 1, 4)])
    assert [s.page for s in aligned(said("wind", "blade", "grid", "cost"), pages, seen=seen)] == [1, 2, 3, 4]


def test_what_was_seen_holds_without_a_word_of_speech_and_never_after_the_end() -> None:
    nothing = SlideSpan(start_ms=0, end_ms=50_000, document_id=None, page=None, confidence=0.0)
    seen = seen_spans([scene(10, 30, 1), scene(30, 80, 2)])
    spans = laid_over([nothing], seen, {(DECK, 1): 0, (DECK, 2): 1}, [(DECK, 1), (DECK, 2)])
    assert [(s.start_ms, s.end_ms, s.page) for s in spans] == [
        (0, 10_000, None), (10_000, 30_000, 1), (30_000, 50_000, 2)
    ]  # fmt: skip
