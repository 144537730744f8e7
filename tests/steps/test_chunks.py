from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.core.records import Slide, SlideDescription
from pipelines.steps.chunks import chunk_slides

DECK, COURSE = UUID(int=1), UUID(int=2)


def slide(page, body, *, title="", group=None, section=None, label=None):
    return Slide(
        page=page, page_label=label, title=title, body=body, furniture="", section=section, text_source="layer",
        junk_chars=0, frame_group=page if group is None else group, image_sha256=None, width_pt=1.0, height_pt=1.0,
    )  # fmt: skip


def described(page, text):
    return SlideDescription(
        page=page, text=text, model="m", prompt_tokens=0, completion_tokens=0, cost_usd=0.0, reused=False
    )


def words(text):
    return len(text.split()) + 2


def chunks(*slides, descriptions=(), max_tokens=40, count=words, deck_title="Optimization"):
    return chunk_slides(
        slides, descriptions, deck_title=deck_title, document_id=DECK, course_id=COURSE,
        count_tokens=count, max_tokens=max_tokens,
    )  # fmt: skip


def test_a_slide_is_one_chunk_behind_its_deck_and_section():
    (chunk,) = chunks(slide(3, "Gradient descent\nsmall steps", title="Gradient descent", section="Basics", label="2"))
    assert chunk.context == "Optimization Basics"
    assert chunk.text == "Gradient descent\nsmall steps"
    assert (chunk.page, chunk.pages, chunk.page_label, chunk.title) == (3, (3,), "2", "Gradient descent")
    assert chunk.token_count == words(chunk.search_text)


def test_a_title_the_body_lacks_is_put_in_front_and_one_it_has_is_not_repeated():
    (lacking, having) = chunks(slide(1, "body", title="Title"), slide(2, "TITLE\nbody", title="Title"))
    assert (lacking.text, having.text) == ("Title\nbody", "TITLE\nbody")


def test_a_description_follows_the_text_and_stands_alone_where_there_is_none():
    first, second = chunks(
        slide(1, "Loss"), slide(2, ""), descriptions=[described(1, "A falling curve."), described(2, "A robot.")]
    )
    assert (first.text, second.text) == ("Loss\n\nA falling curve.", "A robot.")


def test_pages_without_anything_give_no_chunk():
    assert [chunk.page for chunk in chunks(slide(1, ""), slide(2, "text"), slide(3, ""))] == [2]
    assert chunks() == []


def test_frames_of_one_slide_make_one_chunk_that_cites_the_fullest_and_remembers_all():
    (chunk,) = chunks(
        slide(5, "A\nfirst", group=5), slide(6, "A\nfirst\nsecond", group=5), slide(7, "A\nfirst\nother", group=5),
        descriptions=[described(6, "Two bullets.")],
    )  # fmt: skip
    assert (chunk.page, chunk.pages) == (6, (5, 6, 7))
    assert chunk.text == "A\nfirst\nsecond\nother\n\nTwo bullets."


def test_equal_frames_cite_the_last():
    (chunk,) = chunks(slide(1, "same", group=1), slide(2, "same", group=1))
    assert (chunk.page, chunk.pages) == (2, (1, 2))


def test_a_long_page_is_cut_between_sentences_and_its_later_parts_keep_the_title():
    sentences = [f"Sentence number {n} says something of its own." for n in range(12)]
    parts = chunks(slide(1, " ".join(sentences), title="Long"), max_tokens=40)
    assert len(parts) > 1
    assert all(part.text.endswith(".") for part in parts)
    assert all(part.context.endswith("Long") for part in parts[1:])
    assert {part.page for part in parts} == {1}


def test_parts_of_an_animated_slide_name_only_the_pages_that_show_them():
    early = "\n".join(f"early line {n} of words" for n in range(8))
    late = "\n".join(f"late line {n} of words" for n in range(8))
    parts = chunks(slide(1, early, group=1), slide(2, f"{early}\n{late}", group=1), max_tokens=50)
    assert {part.pages for part in parts if part.text.startswith("late")} == {(2,)}
    assert (1, 2) in {part.pages for part in parts}


def test_an_enumerating_outline_and_a_repeated_name_are_no_context():
    first, second = chunks(slide(1, "x", section="Slide 17"), slide(2, "y", section="Week 1"), deck_title="week_1.PDF")
    assert (first.context, second.context) == ("week 1", "week 1")


def test_ids_follow_content_so_that_unchanged_slides_keep_them_when_one_is_inserted():
    before = chunks(slide(1, "a"), slide(2, "b"), slide(3, "b"))
    after = chunks(slide(1, "new"), slide(2, "a"), slide(3, "b"), slide(4, "b"))
    assert [chunk.id for chunk in before] == [chunk.id for chunk in after[1:]]
    assert len({chunk.id for chunk in after}) == 4


lines = st.lists(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=0, max_size=60), max_size=12
)
decks = st.lists(st.tuples(st.booleans(), lines, st.text("abc xyz.", max_size=20)), max_size=8)


@given(decks, st.integers(16, 200), st.sampled_from([words, lambda text: len(text.encode()) // 2 + 1]))
def test_nothing_is_lost_nothing_is_too_long_and_every_page_with_text_is_found(deck, max_tokens, count):
    slides, group = [], 0
    for page, (continues, body, title) in enumerate(deck, 1):
        group = group if continues and page > 1 else page
        slides.append(slide(page, "\n".join(body).strip(), title=title.strip(), group=group))
    made = chunks(*slides, max_tokens=max_tokens, count=count)
    assert all(chunk.token_count <= max_tokens for chunk in made)
    assert [chunk.ordinal for chunk in made] == list(range(len(made)))
    assert all(chunk.page in chunk.pages for chunk in made)
    assert len({chunk.id for chunk in made}) == len(made)
    for known in slides:
        text = "".join("".join(chunk.text.split()) for chunk in made if known.page in group_pages(slides, chunk))
        for line in (*known.body.split("\n"), known.title):
            assert "".join(line.split()).casefold() in text.casefold()
        if known.body or known.title:
            assert any(known.page in chunk.pages for chunk in made)


def group_pages(slides, chunk):
    group = next(slide.frame_group for slide in slides if slide.page == chunk.page)
    return {slide.page for slide in slides if slide.frame_group == group}


@pytest.mark.parametrize("text", ["x" * 5000, "a b " * 3000, "ä" * 999 + "\n" + "ö" * 999])
def test_text_without_a_place_to_cut_is_cut_all_the_same(text):
    parts = chunks(slide(1, text), max_tokens=64, count=lambda known: len(known.encode()) // 2 + 1)
    assert "".join("".join(part.text.split()) for part in parts) == "".join(text.split())
    assert all(part.token_count <= 64 for part in parts)
