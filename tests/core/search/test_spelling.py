"""What of a question is asked in the course's spelling, and what is left as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.core.search.lexical import question_terms, term_counts
from pipelines.core.search.spelling import MAX_SUSPECTS, corrected, suspects


def counts(*texts):
    """In how many of these texts each term occurs."""
    found = {}
    for text in texts:
        for term in term_counts(text):
            found[term] = found.get(term, 0) + 1
    return found


def respelled(question, *texts):
    course = counts(*texts)
    found = {term: course[term] for term in question_terms(question).lookups if term in course}
    return corrected(question, suspects(question, found), course)


COURSE = (
    "Aliasing folds frequencies",
    "Bayesian estimates and overfitting",
    "absorption of light",
    "an autocorrelation",
)


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What is alaising?", "What is aliasing?"),  # swapped
        ("What is alliasing?", "What is aliasing?"),  # one too many
        ("What is alasing?", "What is aliasing?"),  # one too few
        ("What is alissing?", "What is aliasing?"),  # another
        ("Is the Bayesain estimate better?", "Is the Bayesian estimate better?"),
        ("How does over fitting show?", "How does overfitting show?"),
        ("What is an auto-correlation?", "What is an autocorrelation?"),
        ("alaising and over fitting", "aliasing and overfitting"),
    ],
)
def test_a_word_that_is_one_slip_from_a_word_of_the_course_is_asked_as_the_course_spells_it(question, wanted):
    assert respelled(question, *COURSE) == wanted


@pytest.mark.parametrize(
    "question",
    [
        "What is aliasing?",  # known
        "What is adsorption of light?",  # a word of its own, though one letter from a word of the course
        "What is photosynthesis?",
        "What is alissnig?",  # two slips
        "What is ligt?",  # too short to be sure
        "What is" + " x" * 500,
        "",
        "?!",
    ],
)
def test_what_is_right_far_off_or_short_is_left(question):
    assert respelled(question, *COURSE) is None


def test_of_several_words_that_it_may_be_the_commonest_of_the_course_is_taken():
    texts = ("latices", *["matrices of numbers"] * 3)
    assert respelled("How do I add matices?", *texts) == "How do I add matrices?"


@pytest.mark.timeout(10)
def test_of_a_text_full_of_unknown_words_only_a_few_are_looked_at():
    words = (f"qzxwv{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)}" for n in range(2000))
    assert len(suspects("What is " + " ".join(words), {})) == MAX_SUSPECTS


@given(st.text(max_size=60))
def test_any_text_is_asked_and_one_of_known_words_is_never_changed(text):
    assert respelled(text, text) is None
    respelled(text, *COURSE)
