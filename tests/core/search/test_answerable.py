import pytest

from pipelines.core.search.answerable import UNREACHABLE, named_lookups, named_terms, needed_similarity
from pipelines.core.search.lexical import question_terms, term_counts


def needed(question, course):
    """What a passage needs in a course of a hundred chunks that has these words."""
    asked, has = question_terms(question), term_counts(course)
    lookups = [*asked.lookups, *named_lookups(question)]
    return needed_similarity(question, asked, {term: 5 for term in lookups if term in has}, 100)


def test_the_fewer_of_its_words_a_course_has_the_nearer_a_passage_must_be():
    some = needed("Which steps does momentum damp?", "momentum and its steps")
    assert needed("Which steps does momentum damp?", "momentum damps steps") < some
    assert some < needed("Which steps does momentum damp?", "the moon") < 1


@pytest.mark.parametrize(
    ("question", "course"),
    [
        ("What does BERTScore compute?", "what scores compute"),
        ("How much was won at Lepanto in the end?", "how much was won in the end"),
        ("What is the pivot rule of Bland?", "a pivot rule"),
        ("How large is the T5 model?", "the model is large"),
    ],
)
def test_no_passage_is_near_enough_where_the_course_never_says_the_name_that_is_asked_about(question, course):
    assert needed(question, course) == UNREACHABLE


@pytest.mark.parametrize(
    ("question", "course"),
    [
        ("How dirty is the Canadian power?", "dirty power in Canada"),
        ("What is Nesterov's variant?", "the nesterov variant"),
        ("What does the Gaussian law say?", "gauss and his law say"),
        ("What is read_csv for in R?", "read_csv in R"),
        ("WHAT IS THE RULE OF BLAND?", "a rule"),  # all in capitals: nothing is a name
        ("Zebras have stripes. Why is it?", "stripes"),  # a sentence begins with any word
        ("What am I to do, and may I?", "do it"),
    ],
)
def test_names_that_the_course_has_in_another_form_and_words_that_are_none_are_no_obstacle(question, course):
    assert needed(question, course) < 1


def test_german_nouns_are_no_names():
    assert named_terms("Wie lautet die Regel von Bland für den Simplex?") == []
