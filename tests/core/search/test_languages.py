import pytest

from pipelines.core.search.languages import is_english


@pytest.mark.parametrize(
    "question",
    [
        "If I set the momentum coefficient to zero, which algorithm am I back to?",
        "What is dropout?",
        "WHAT'S THE LEARNING RATE FOR?",
        "how do I read a csv",
    ],
)
def test_english_questions_are_english(question):
    assert is_english(question)


@pytest.mark.parametrize(
    "question",
    [
        "Unter welcher Bedingung nennt man ein Knotendiagramm dreifärbbar?",
        "¿Para qué sirve el coeficiente de momento?",
        "À quoi sert le taux d'apprentissage ?",
        "动量系数有什么用？",
        "",
        "42?",
    ],
)
def test_others_are_not(question):
    assert not is_english(question)
