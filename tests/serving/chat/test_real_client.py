"""The AI SDK's own client, versions 5, 6 and 7, drives the service: status, ids, parts and history must agree."""

import json

import pytest

from tests.fakes import CUT, Status, calls, text, thinking


def words(message):
    return "".join(part["text"] for part in message["parts"] if part["type"] == "text")


def kinds(message):
    return [part["type"] for part in message["parts"]]


def ids(messages):
    return [message["id"] for message in messages]


def agree(seen):
    """The client is content, and its messages are the database's."""
    assert seen["status"] == "ready", seen["error"]
    assert seen["errors"] == []
    assert seen["valid"] is True
    assert ids(seen["messages"]) == ids(seen["history"])
    assert [kinds(m) for m in seen["messages"]] == [kinds(m) for m in seen["history"]]
    assert [words(m) for m in seen["messages"]] == [words(m) for m in seen["history"]]


def test_an_answer_with_search_and_citations(client, model):
    model.script(*[calls("entropy of a coin"), text("One bit ", "[1].")] * 3)
    for seen in client([["send", "What is the entropy of a fair coin?"]]).values():
        agree(seen)
        answer = seen["messages"][1]
        assert kinds(answer) == ["step-start", "tool-search_course_materials", "step-start", "text",
                                 "source-document", "data-citations"]  # fmt: skip
        assert words(answer) == "One bit [1]."
        tool = answer["parts"][1]
        assert tool["state"] == "output-available" and tool["input"] == {"query": "entropy of a coin"}


def test_two_searches_at_once_and_a_thinking_model(client, model):
    model.script(*[[*thinking("Let me ", "look."), *calls("momentum", "Bayes")], text("Both [1][2].")] * 3)
    for seen in client([["send", "Compare momentum and Bayes"]]).values():
        agree(seen)
        assert kinds(seen["messages"][1])[:5] == ["step-start", "reasoning", "tool-search_course_materials",
                                                  "tool-search_course_materials", "step-start"]  # fmt: skip


def test_a_tool_call_that_cannot_be_used_is_told_to_the_model_and_shown(client, model):
    model.script(*[calls('{"query": 1', raw=True), calls("x", name="delete_course"), text("Sorry.")] * 3)
    for seen in client([["send", "Do something"]]).values():
        agree(seen)
        tools = [part for part in seen["messages"][1]["parts"] if part["type"].startswith("tool-")]
        assert [tool["state"] for tool in tools] == ["output-error", "output-error"]
        assert words(seen["messages"][1]) == "Sorry."


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ([Status(401)], "key_rejected"),
        ([Status(402)], "no_credit"),
        ([Status(403)], "forbidden"),
        ([Status(413)], "context_too_long"),
        ([Status(400, {"error": {"message": "maximum context length is 8192 tokens"}})], "context_too_long"),
        ([Status(429, headers={"retry-after": "60"})], "rate_limited"),
        ([*text("Half an ", reason=None), {"error": {"code": 502, "message": "secret"}, "choices": []}],
         "provider_unavailable"),
        ([*text("Half an ", reason=None), {"error": {"code": "rate_limit", "message": "secret"}}],
         "provider_unavailable"),
        ([*text("Half an ", reason=None), CUT], "stream_cut"),
        (text("Half an ", reason=None), "stream_cut"),
        ([*text("Half an ", reason=None), b"data: {nonsense\n\n"], "garbage"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_provider_that_fails_gives_an_error_with_its_code(client, model, script, code):
    model.script(*[script] * 3)
    for seen in client([["send", "What is momentum?"]]).values():
        assert seen["status"] == "error"
        assert json.loads(seen["error"])["error"]["code"] == code
        assert "secret" not in json.dumps(seen)
        assert seen["valid"] is True and ids(seen["messages"]) == ids(seen["history"])
        assert seen["history"][1]["metadata"]["errorCode"] == code
        assert words(seen["history"][1]).strip() in ("Half an", "")


def test_after_a_failure_the_same_question_can_be_asked_again(client, model):
    model.script(*[[Status(402)], text("Now it works.")] * 3)
    for seen in client([["send", "What is momentum?"], ["regenerate"]]).values():
        assert seen["status"] == "ready"
        assert [words(m) for m in seen["history"]] == ["What is momentum?", "Now it works."]
        assert ids(seen["messages"]) == ids(seen["history"])


def test_one_failure_before_the_first_word_is_tried_again(client, model):
    model.script(*[[Status(503)], text("Second try.")] * 3)
    for seen in client([["send", "What is momentum?"]]).values():
        agree(seen)
        assert words(seen["messages"][1]) == "Second try."


def slow(count=40, pause=0.05):
    return [step for n in range(count) for step in (text(f"w{n} ", reason=None)[0], pause)] + text("", reason="stop")[
        1:
    ]


def test_a_citation_is_alive_while_the_answer_goes_on_also_where_it_is_resumed(client, model, second):
    model.script(
        *[
            step
            for _ in range(3)
            for step in (calls("entropy of a coin"), [*text("One bit [1].", reason=None), *slow(60)])
        ]
    )
    steps = [["begin", "What is the entropy of a fair coin?"], ["sourced"], ["leave"],
             ["reload", second.url], ["comeback"], ["sourced"], ["end"]]  # fmt: skip
    for seen in client(steps).values():
        agree(seen)
        assert len(seen["sourced"]) == 2
        for at in seen["sourced"]:
            assert at["status"] == "streaming" and "[1]" in at["text"] and "w59" not in at["text"]
            assert at["opened"] == 200
        assert kinds(seen["messages"][1]).count("source-document") == 1


def test_stop_ends_the_answer_and_keeps_what_was_said(client, model):
    model.script(*[slow(400)] * 3)
    for seen in client([["begin", "Count"], ["words", 3], ["stop"], ["end"]]).values():
        assert seen["status"] == "ready" and seen["http"] == [200] and seen["errors"] == []
        assert ids(seen["messages"]) == ids(seen["history"])
        kept = words(seen["history"][1])
        assert kept.startswith("w0 w1") and words(seen["messages"][1]) == kept
        assert seen["history"][1]["metadata"]["status"] == "stopped"


def test_an_answer_goes_on_without_its_reader_and_is_resumed_on_another_process(client, model, second):
    model.script(*[slow(30)] * 3)
    steps = [["begin", "Count"], ["words", 4], ["leave"], ["reload", second.url], ["resume"]]
    for seen in client(steps).values():
        agree(seen)
        assert len(seen["messages"]) == 2
        assert words(seen["messages"][1]).split() == [f"w{n}" for n in range(30)]


def test_resuming_where_nothing_is_written_changes_nothing(client, model):
    model.script(*[text("Done.")] * 3)
    for seen in client([["send", "Hi there"], ["reload"], ["resume"]]).values():
        agree(seen)
        assert len(seen["messages"]) == 2


def test_stop_reaches_the_process_that_writes(client, model, second):
    model.script(*[slow(400)] * 3)
    steps = [["begin", "Count"], ["words", 3], ["leave"], ["reload", second.url], ["stop"]]
    for seen in client(steps).values():
        assert seen["http"] == [200]
        assert seen["history"][1]["metadata"]["status"] == "stopped"


def test_a_second_tab_is_refused_while_an_answer_is_written(client, model):
    model.script(*[slow(30)] * 3)
    steps = [["begin", "Count"], ["words", 2], ["second", "And me"], ["end"]]
    for seen in client(steps).values():
        assert seen["tab"]["status"] == "error"
        assert json.loads(seen["tab"]["error"])["error"]["code"] == "answer_in_progress"
        assert seen["status"] == "ready" and len(seen["history"]) == 2


def test_regenerating_shows_the_new_answer_and_keeps_the_old(client, model, service):
    model.script(*[text("First."), text("Second.")] * 3)
    for seen in client([["send", "What is momentum?"], ["regenerate", 1]]).values():
        agree(seen)
        assert [words(m) for m in seen["history"]] == ["What is momentum?", "Second."]
        versions = seen["history"][1]["metadata"]["versions"]
        assert len(versions) == 2
        branches = service.http.get(f"/api/sessions/{seen['id']}/branches").json()["items"]
        assert {branch["preview"] for branch in branches} == {"First.", "Second."}
        service.http.patch(f"/api/sessions/{seen['id']}", json={"branch": versions[0]})
        shown = service.http.get(f"/api/sessions/{seen['id']}/messages").json()["items"]
        assert [words(m) for m in shown] == ["What is momentum?", "First."]


def test_editing_a_question_begins_a_branch_and_keeps_the_old_one(client, model, service):
    model.script(*[text("One."), text("Two."), text("Three.")] * 3)
    for seen in client([["send", "Ask a"], ["send", "Ask b"], ["edit", 0, "Ask c"]]).values():
        agree(seen)
        assert [words(m) for m in seen["history"]] == ["Ask c", "Three."]
        branches = service.http.get(f"/api/sessions/{seen['id']}/branches").json()["items"]
        old = next(branch for branch in branches if branch["preview"] == "Two.")
        service.http.patch(f"/api/sessions/{seen['id']}", json={"branch": old["key"]})
        shown = service.http.get(f"/api/sessions/{seen['id']}/messages").json()["items"]
        assert [words(m) for m in shown] == ["Ask a", "One.", "Ask b", "Two."]


def test_an_error_before_the_stream_reaches_the_client_as_code_and_sentence(client, model):
    for seen in client([["send", "Hello"]], course="00000000-0000-0000-0000-000000000000").values():
        assert seen["status"] == "error"
        assert json.loads(seen["error"])["error"]["code"] == "not_found"
