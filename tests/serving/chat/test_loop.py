"""What a student gets: the streamed answer, its sources, and the history that says the same."""

import json
from uuid import uuid4

from tests.fakes import calls, text


def parts_of(response):
    lines = [line[6:] for line in response.text.split("\n") if line.startswith("data: ")]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def ask(service, material, question="What does the learning rate do?", *, chat=None, **more):
    message = {
        "id": more.pop("message_id", uuid4().hex[:16]),
        "role": "user",
        "parts": [{"type": "text", "text": question}],
    }
    body = {
        "id": chat or str(uuid4()),
        "messages": [message],
        "trigger": "submit-message",
        "courseId": str(material.course_id),
    }
    return service.http.post("/api/chat", json=body | more)


def said(parts):
    return "".join(part["delta"] for part in parts if part["type"] == "text-delta")


def test_without_a_model_the_best_passages_are_quoted_and_cited(quoting, material):
    response = ask(quoting, material)
    parts = parts_of(response)
    assert response.status_code == 200
    assert "[1]" in said(parts) and "No language model is connected" in said(parts)
    sources = [part for part in parts if part["type"] == "source-document"]
    assert sources and sources[0]["providerMetadata"]["studybuddy"]["page"] == 1
    assert parts[0]["type"] == "start" and parts[-1]["type"] == "finish"


def test_the_history_has_the_ids_and_sources_of_the_stream(quoting, material):
    chat = str(uuid4())
    parts = parts_of(ask(quoting, material, chat=chat, message_id="question1"))
    found = quoting.http.get(f"/api/sessions/{chat}/messages").json()["items"]
    assert [message["id"] for message in found] == ["question1", parts[0]["messageId"]]
    streamed = [part["sourceId"] for part in parts if part["type"] == "source-document"]
    assert [part["sourceId"] for part in found[1]["parts"] if part["type"] == "source-document"] == streamed


def test_a_model_searches_and_cites_what_it_found(service, material, model):
    model.script(
        calls("learning rate of gradient descent"), text("Too large a rate dive", "rges [", "1", "] and [7", "7].")
    )
    parts = parts_of(ask(service, material))
    assert said(parts) == "Too large a rate diverges [1] and."
    assert [part["type"] for part in parts if part["type"].startswith("tool")][-1] == "tool-output-available"
    assert [p["providerMetadata"]["studybuddy"]["handle"] for p in parts if p["type"] == "source-document"] == [1]
    assert parts[-1]["messageMetadata"]["usage"]["totalTokens"] == 15
