"""Every server's way of saying things is read rightly, or ends with a clear error that keeps what was written."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.answering.thoughts import ThoughtSplitter
from pipelines.answering.wire import ChunkReader
from pipelines.core.errors import StudyBuddyError


def read(*chunks, done=True):
    """(text, thinking, last finish reason, tool pieces, code of the error or None, finished)."""
    reader, deltas, code = ChunkReader("m", ThoughtSplitter()), [], None
    lines = [chunk if isinstance(chunk, bytes) else b"data: " + json.dumps(chunk).encode() for chunk in chunks]
    try:
        for line in [*lines, *[b"data: [DONE]"] * done]:
            deltas += reader.lines([line])
    except StudyBuddyError as error:
        code = error.code
    deltas += reader.flush()
    return {
        "text": "".join(delta.text for delta in deltas),
        "thinking": "".join(delta.reasoning for delta in deltas),
        "reason": next((delta.finish_reason for delta in reversed(deltas) if delta.finish_reason), None),
        "tools": [(piece.index, piece.id, piece.name, piece.arguments) for delta in deltas for piece in delta.tools],
        "code": code,
        "finished": reader.finished,
    }


def said(delta, reason=None):
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}


@pytest.mark.parametrize(
    ("delta", "text", "thinking"),
    [
        ({"content": "In halves."}, "In halves.", ""),
        ({"content": [{"type": "text", "text": "In "}, {"type": "text", "text": "halves."}]}, "In halves.", ""),
        ({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}]}, "", "Hm."),
        ({"content": [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Yes."}]}, "Yes.", "Hm."),
        ({"content": [{"type": "output_text", "text": "Yes."}, {"type": "image_url", "image_url": {}}]}, "Yes.", ""),
        ({"content": {"type": "text", "text": "Yes."}}, "Yes.", ""),
        ({"content": ["Yes", "."]}, "Yes.", ""),
        ({"content": None, "reasoning_content": "Hm."}, "", "Hm."),
        ({"content": "", "reasoning": "Hm."}, "", "Hm."),
        ({"reasoning": "Hm.", "reasoning_content": "Hm."}, "", "Hm."),
        ({"thinking": "Hm."}, "", "Hm."),
        ({"reasoning": {"content": [{"text": "Hm."}]}}, "", "Hm."),
        ({"refusal": "I cannot."}, "I cannot.", ""),
        ({"content": 7, "reasoning": ["Hm", 1, None, "."]}, "", "Hm."),
        ({"role": "assistant"}, "", ""),
    ],
    ids=str,
)
def test_words_and_thinking_in_every_shape(delta, text, thinking):
    found = read(said(delta), said({}, "stop"))
    assert (found["text"], found["thinking"], found["code"]) == (text, thinking, None)


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("stop", "stop"), ("STOP", "stop"), ("eos_token", "stop"), ("end_turn", "stop"), ("stop_sequence", "stop"),
        ("length", "length"), ("MAX_TOKENS", "length"), ("model_length", "length"), ("max_output_tokens", "length"),
        ("tool_calls", "tool-calls"), ("tool-calls", "tool-calls"), ("function_call", "tool-calls"),
        ("tool_use", "tool-calls"), ("content_filter", "content-filter"), ("SAFETY", "content-filter"),
        ("sensitive", "content-filter"), ("RECITATION", "content-filter"), ("novelty", "other"),
    ],
)  # fmt: skip
def test_every_servers_reason_to_stop(reason, expected):
    found = read(said({"content": "Yes."}), said({}, reason), done=False)
    assert found["reason"] == expected and found["finished"]


@pytest.mark.parametrize(
    ("last", "code"),
    [
        (said({}, "error"), "provider_unavailable"),
        (said({}, "insufficient_system_resource"), "provider_unavailable"),
        (said({}, "abort"), "stream_cut"),
        (said({}, "network_error"), "stream_cut"),
        ({"error": {"code": 429, "message": "secret"}}, "rate_limited"),
        ({"error": {"code": "401", "message": "secret"}, "choices": []}, "key_rejected"),
        ({"error": "secret went wrong"}, "provider_unavailable"),
        ({"error": {"message": "context_length_exceeded"}}, "context_too_long"),
        ({"object": "error", "message": "secret", "code": 400}, "bad_request"),
        ({"type": "error", "status": 503}, "provider_unavailable"),
        ({"detail": "secret"}, "provider_unavailable"),
        (b"data: {nonsense", "garbage"),
        (b"data: [1, 2]", "garbage"),
        (b"data: " + b"[" * 100_000, "garbage"),
    ],
    ids=str,
)
def test_a_fault_in_mid_stream_has_its_code_and_keeps_what_was_written(last, code):
    found = read(said({"content": "Half an "}), last, said({"content": "ignored"}))
    assert (found["text"], found["code"]) == ("Half an ", code)


def test_a_held_back_word_is_kept_when_the_stream_fails():
    assert read(said({"content": "<thi"}), {"error": {"code": 502}})["text"] == "<thi"


def test_done_alone_is_an_end_and_silence_is_none():
    assert read(said({"content": "Yes."}))["finished"]
    assert not read(said({"content": "Yes."}), done=False)["finished"]


def test_comments_events_and_odd_line_ends_are_passed_over():
    lines = [b": OPENROUTER PROCESSING", b"", b"event: message\r", b"id: 7", b"retry: 10",
             b'data:{"choices":[{"delta":{"content":"Yes."}}]}\r', b"data: ", b"data:[DONE]\r"]  # fmt: skip
    found = read(*lines, done=False)
    assert (found["text"], found["code"], found["finished"]) == ("Yes.", None, True)


def test_bytes_that_are_no_utf8_cost_a_letter_and_not_the_answer():
    assert read(b'data: {"choices":[{"delta":{"content":"na\xefve"}}]}')["text"] == "na\ufffdve"


def test_usage_comes_with_or_without_choices_and_odd_choices_are_passed_over():
    reader = ChunkReader("m", ThoughtSplitter())
    chunks = [{"choices": [], "usage": {"total_tokens": 7}}, {"choices": None}, {"choices": ["x"]}, {}, said(None)]
    deltas = [delta for chunk in chunks for delta in reader.lines([b"data: " + json.dumps(chunk).encode()])]
    assert [delta.usage for delta in deltas if delta.usage] == [{"total_tokens": 7}]


@pytest.mark.parametrize(
    ("call", "piece"),
    [
        ({"index": 0, "id": "a", "function": {"name": "s", "arguments": '{"q'}}, (0, "a", "s", '{"q')),
        ({"index": "1", "id": None, "function": {"name": None, "arguments": None}}, (1, "", "", "")),
        ({"id": "a", "function": {"name": "s", "arguments": {"query": "Müll"}}}, (None, "a", "s", '{"query": "Müll"}')),
        ({"index": None, "id": 7, "function": {"arguments": {}}}, (None, "7", "", "")),
        ({"function": "s"}, (None, "", "", "")),
    ],
    ids=str,
)
def test_pieces_of_tool_calls_in_every_shape(call, piece):
    assert read(said({"tool_calls": [call]}))["tools"] == [piece]
    assert read(said({"tool_calls": call}))["tools"] == [piece]


def test_a_whole_answer_is_read_like_a_streamed_one():
    reader = ChunkReader("m", ThoughtSplitter())
    message = {"role": "assistant", "content": "<think>Hm.</think>Yes.", "tool_calls": None}
    body = {"choices": [{"message": message, "finish_reason": "stop"}], "usage": {"total_tokens": 3}, "model": "x"}
    [delta] = reader.whole(json.dumps(body).encode())
    assert (delta.text, delta.reasoning, delta.finish_reason, delta.model) == ("Yes.", "Hm.", "stop", "x")
    assert reader.finished and reader.spoke


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["choices", "delta", "message", "content", "text", "type", "reasoning", "tool_calls", "function", "name",
             "arguments", "index", "id", "finish_reason", "usage", "error", "code", "model"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(anything.map(lambda value: {"choices": [value]}) | anything | st.binary(max_size=20), max_size=4))
def test_any_stream_is_words_or_a_fault_with_a_name(chunks):
    found = read(*(b"data: " + chunk.replace(b"\n", b"") if isinstance(chunk, bytes) else chunk for chunk in chunks))
    assert found["code"] is None or found["code"]
    assert all(isinstance(found[name], str) for name in ("text", "thinking"))
    assert found["finished"] or found["code"]
