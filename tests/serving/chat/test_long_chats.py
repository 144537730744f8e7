"""Long chats: summed up once they no longer fit the model, with citations that still open; and titles by the model."""

import json
import time
from dataclasses import replace
from uuid import uuid4

import pytest

from pipelines.answering.turn import Bounds
from tests.fakes import Status, calls, text
from tests.serving.chat.test_loop import ask, parts_of, said
from tests.serving.conftest import QUICK, running

SMALL = replace(QUICK, answer=Bounds(history_chars=1200, retry_wait_s=0.1))
DAMPS = "Momentum damps oscillation [1]. " + "It keeps a running mean of past gradients. " * 8
MEMORY = "Adam needs three times the memory of SGD [1]. " + "It keeps two moments for each weight. " * 8


@pytest.fixture(scope="module")
def small(modelled, material):
    """A service whose model is shown little."""
    with running(modelled, SMALL) as service:
        yield service


@pytest.fixture
def long_chat(small, material, model):
    """A chat that has just grown too long: its id."""
    chat = str(uuid4())
    for at, (query, answer) in enumerate([("momentum oscillation", DAMPS), ("memory of Adam and SGD", MEMORY)] * 2):
        model.script(calls(query), text(answer))
        ask(small, material, f"Question {at} about {query}?", chat=chat)
    return chat


def turn(service, material, model, chat, *scripts, question="And then?", **more):
    """(parts, the requests it took) of one more turn."""
    model.script(*scripts)
    parts = parts_of(ask(service, material, question, chat=chat, **more))
    return parts, list(model.requests)


def summary_of(parts):
    return next((part["data"] for part in parts if part["type"] == "data-summary"), None)


def shown(request):
    return "\n".join(str(message["content"]) for message in request["messages"])


def test_what_no_longer_fits_is_summed_up_once_and_its_citations_still_open(small, material, model, long_chat):
    told = "Momentum damps oscillation [1]; Adam needs more memory [2], as nobody said [9]."
    parts, (summing, first, *_) = turn(
        small, material, model, long_chat, text(told), calls("momentum"), text("So [1].")
    )
    kinds = [part["type"] for part in parts]
    assert kinds.index("data-summary") < kinds.index("text-delta") and kinds[-1] == "finish"
    assert "Question 0 about momentum" in shown(summing) and "damps oscillation [1]" in shown(summing)
    assert "memory of SGD [2]" in shown(summing) and "tools" not in summing
    found = summary_of(parts)
    assert found["text"] == "Momentum damps oscillation [1]; Adam needs more memory [2], as nobody said."
    files = []
    for source in found["sources"]:
        opened = small.http.get(f"/api/sources/{source['sourceId']}")
        assert opened.status_code == 200
        files.append((source["handle"], opened.json()["page"]))
    assert files == [(1, 2), (2, 3)]
    assert "summed up:\nMomentum damps oscillation; Adam needs more memory" in shown(first)
    assert "Question 3 about memory" in shown(first) and "Question 0 about momentum" not in shown(first)
    stored = small.http.get(f"/api/sessions/{long_chat}/messages").json()["items"]
    assert summary_of(stored[-1]["parts"]) == found and len(stored) == 10

    _, requests = turn(small, material, model, long_chat, calls("momentum"), text("Again [1]."))
    assert "Sum up this conversation" not in shown(requests[0]) and "summed up:\nMomentum damps" in shown(requests[0])


def test_a_second_summary_takes_the_first_one_up_with_sources_that_open(small, material, model, long_chat):
    first = summary_of(turn(small, material, model, long_chat, text("Damps [1]."), calls("momentum"), text(DAMPS))[0])
    turn(small, material, model, long_chat, calls("Adam memory"), text(MEMORY + "More of it. " * 40))
    parts, (summing, *_) = turn(small, material, model, long_chat, text("Damps [1]."), calls("x"), text("Yes."))
    assert "what was said before:\nDamps [1]." in shown(summing)
    again = summary_of(parts)
    assert again["sources"] and again["upto"] != first["upto"]
    assert small.http.get(f"/api/sources/{again['sources'][0]['sourceId']}").json()["page"] == 2


def test_without_a_summary_the_answer_is_given_from_the_last_messages(small, material, model, long_chat):
    parts, requests = turn(small, material, model, long_chat, [Status(500)], calls("momentum"), text("Still [1]."))
    assert summary_of(parts) is None and said(parts) == "Still [1]." and parts[-1]["type"] == "finish"
    assert "Question 0 about momentum" not in shown(requests[1])


def test_a_branch_from_before_a_summary_knows_nothing_of_it(small, material, model, long_chat):
    first = small.http.get(f"/api/sessions/{long_chat}/messages").json()["items"][2]["id"]
    turn(small, material, model, long_chat, text("Damps [1]."), calls("momentum"), text("So."))
    parts, requests = turn(
        small, material, model, long_chat, calls("Adam"), text("Else [1]."), question="Edited?", message_id=first
    )  # fmt: skip
    assert summary_of(parts) is None and "summed up" not in json.dumps(requests)


def titles(service, chat, until, seconds=60):
    deadline = time.monotonic() + seconds
    while (found := service.http.get(f"/api/sessions/{chat}").json()["title"]) != until and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


@pytest.fixture
def titling(model):
    """The model, which gives titles until the test ends."""
    model.titled.clear()
    yield model
    model.title = text("")


def titled(model, question):
    """Requests for the title of a chat that begins with this question."""
    return [request for request in model.titled if question in shown(request)]


def talk(service, material, model, chat):
    """Two questions: the model is asked for a title after the second answer."""
    turn(service, material, model, chat, calls("momentum"), text("It damps [1]."), question="What does momentum do?")
    turn(service, material, model, chat, calls("momentum"), text("It does [1]."), question="And in valleys?")


def test_a_chat_is_called_what_the_model_calls_it_after_the_second_answer_and_no_other(small, material, titling):
    titling.title = text('Title: "Momentum in **narrow** valleys."')
    talk(small, material, titling, chat := str(uuid4()))
    assert titles(small, chat, "Momentum in narrow valleys") == "Momentum in narrow valleys"
    turn(small, material, titling, chat, calls("momentum"), text("It will [1]."))
    (asked,) = titled(titling, "What does momentum do?")
    assert "It damps." in shown(asked) and "And in valleys?" in shown(asked) and "It does." in shown(asked)


@pytest.mark.parametrize(
    "given", [text("I would call this chat a long discussion of momentum and more"), text("[1] [2] [3]"), [Status(500)]]
)
def test_what_is_no_title_leaves_the_first_words(small, material, titling, given):
    titling.title = given
    talk(small, material, titling, chat := str(uuid4()))
    deadline = time.monotonic() + 60
    while not titled(titling, "What does momentum do?"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.1)
    assert titles(small, chat, "What does momentum do?", 0) == "What does momentum do?"


def test_a_persons_own_title_stays(small, material, titling):
    titling.title = [0.3, *text("A model's title")]
    talk(small, material, titling, chat := str(uuid4()))
    small.http.patch(f"/api/sessions/{chat}", json={"title": "Mine"})
    time.sleep(0.8)
    assert titles(small, chat, "Mine", 0) == "Mine"
