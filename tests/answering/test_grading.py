"""Answers are graded by the places they cite and by words that stand in what they cite; others do not count."""

import asyncio
from dataclasses import replace

import openai
import pytest

from pipelines.answering.grading import Grade, grade, summed
from pipelines.answering.model import ChatModel
from pipelines.steps.questions import Place, Question
from tests.answering.test_loop import PAGES as ALIKE
from tests.fakes import FakeModel, text

PAGES = [replace(hit, page=page, pages=(page,)) for page, hit in enumerate(ALIKE, 1)]
RIGHT = Place(kind="slide", file="f.pdf", pages=frozenset({PAGES[0].page}))
QUESTION = Question(id="q", kind="slide", question="How does merge sort split?", places=(RIGHT,), line=1)


@pytest.fixture(scope="module")
def model():
    fake = FakeModel()
    yield fake
    fake.close()


@pytest.fixture
def graded(model):
    """The grade of an answer, with what the model and the grader write."""

    def run(written, *reply, question=QUESTION, found=PAGES):
        async def main():
            async with openai.AsyncOpenAI(base_url=model.url, api_key="none") as client:
                asked = ChatModel(client, "m")

                async def search(_):
                    return list(found)

                return await grade(question, model=asked, grader=asked, search=search, course="Sorting")

        model.script(text(written), *(text(each) for each in reply))
        return asyncio.run(main())

    return run


def test_words_that_stand_in_a_cited_passage_support_a_statement_and_others_do_not(graded, model):
    words = PAGES[0].text
    got = graded("It halves the list [1]. Then it rests [1]. It likes tea [2]. Unsaid.",
                 f'1: "{words.upper()}"\n2: these words stand nowhere\n3: {words}\n4: NONE')  # fmt: skip
    assert (got.statements, got.supported, got.quoted) == (4, 3, 1), "what passage 1 says is not said by passage 2"
    assert (got.cited, got.right) == (2, 1)
    sent = model.requests[-1]["messages"][-1]["content"]
    assert '<passage number="1"' in sent and "2. Then it rests [1]." in sent and "Unsaid" not in sent


@pytest.mark.parametrize("reply", ["", "No.", "1. NONE", "1: the", "99: nothing", "1:" + " " * 50])
def test_a_grader_that_says_nothing_of_use_supports_nothing(graded, reply):
    got = graded("It halves the list [1].", reply)
    assert (got.supported, got.quoted) == (1, 0)


def test_an_answer_that_cites_nothing_asks_no_grader(graded, model):
    none = Question(id="n", kind="none", question="Who won?", places=(), line=2)
    got = graded("The materials do not cover it.", question=none)
    assert (got.cited, got.supported) == (0, 0) and len(model.requests) == 1


def test_figures_are_over_the_answers_they_are_about():
    def answer(name, kind, cited, right, statements, supported, quoted):
        return Grade(id=name, kind=kind, text="", cited=cited, right=right, statements=statements,
                     supported=supported, quoted=quoted)  # fmt: skip

    found = summed([
        answer("a", "slide", 2, 1, 4, 2, 2), answer("b", "speech", 0, 0, 1, 0, 0),
        answer("c", "none", 0, 0, 1, 0, 0), answer("d", "none", 1, 0, 2, 1, 0),
    ])  # fmt: skip
    assert {name: (figure["n"], figure["value"]) for name, figure in found.items()} == {
        "citation_precision": (1, 0.5), "citation_recall": (2, 0.5), "cited_statements": (2, 0.25),
        "faithfulness": (2, 0.5), "uncited": (2, 0.5),
    }  # fmt: skip
    assert summed([])["faithfulness"] == {"n": 0, "value": 0.0, "interval": []}
