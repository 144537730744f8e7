"""Suggestions are what a deck is about: not its agenda, not what every deck has, not a bare heading."""

from uuid import UUID

from serving.materials.suggestions import LEAST_TEXT, Heading, suggest


def deck(number, *titles, characters=200):
    return [
        Heading(document_id=UUID(int=number), file_name=f"{number}.pdf", deck_title="Wind power", page=page,
                title=title, characters=characters)
        for page, title in enumerate(titles, start=1)
    ]  # fmt: skip


def told(headings, limit=3):
    return [heading.title for heading in suggest(headings, limit)]


def test_what_most_pages_in_a_row_stand_under_comes_first():
    assert told(deck(1, "Blades", "Betz' law", "Betz' law", "Gear box")) == ["Betz' law", "Blades", "Gear box"]


def test_decks_take_turns():
    headings = [*deck(1, "Momentum", "Step size"), *deck(2, "Bayes' rule"), *deck(3, "Entropy", "Coding")]
    assert told(headings) == ["Momentum", "Bayes' rule", "Entropy"]
    assert told(headings, 10) == ["Momentum", "Bayes' rule", "Entropy", "Step size", "Coding"]


def test_what_several_decks_say_or_one_says_again_and_again_is_no_topic():
    headings = [*deck(1, "Outline", "Momentum", "Agenda", "Rotor", "agenda "), *deck(2, "OUTLINE", "Bayes' rule")]
    assert told(headings, 10) == ["Momentum", "Bayes' rule", "Rotor"]


def test_what_nobody_can_be_asked_about_is_left_out():
    assert told(deck(1, "Wind Power", "3.2", "x y", "A heading " * 10)) == []
    assert told(deck(1, "Momentum", characters=LEAST_TEXT - 1)) == []
    assert told([]) == []
