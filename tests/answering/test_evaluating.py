"""Questions of an evaluation: asked in order, refused as answers are, timed without the model's first start."""

from pipelines.answering.evaluating import ask_questions
from pipelines.core.courses import ensure_course
from pipelines.core.records import OPERATOR, Scope
from tests.embedders import WordsEmbedder


def test_a_question_nothing_was_found_for_is_refused_and_each_search_is_timed(database):
    with database.transaction() as connection:
        scope = Scope(course_id=ensure_course(connection, "empty").id, person=OPERATOR)
    embed = WordsEmbedder()
    asked = ask_questions(database, scope, ["alpha", "beta", ""], embed=embed)
    assert asked.hits == [[], [], []]
    assert asked.refused == [True] * 3
    assert [took >= 0 for took in asked.ms] == [True] * 3
    assert embed.embedded == ["alpha", "alpha", "beta"]  # the first once more, untimed: it may load a model


def test_no_questions_ask_nothing(database):
    with database.transaction() as connection:
        scope = Scope(course_id=ensure_course(connection, "empty").id, person=OPERATOR)
    assert ask_questions(database, scope, [], embed=WordsEmbedder()).hits == []
