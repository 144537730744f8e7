"""Whatever JSON a former chat holds, it is read to its end, and nothing in it is lost without a count."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.adoption.chats import FormerChat, client_id_of, times_of, unfold, why_left_out
from pipelines.adoption.chunks import FormerChunk, sort_chunks
from pipelines.adoption.records import Deck, Talk
from pipelines.adoption.sources import number_sources, source_of
from pipelines.adoption.values import (
    arguments_of,
    as_ms,
    as_page,
    as_seconds,
    content_text,
    fingerprint,
    read_json,
)

OWNER = "6718420f-1219-5c56-87fa-24c6a072f941"
plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
json_values = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
messages = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from(["a", "b", "c", ""]) | json_values,
        "role": st.sampled_from(["user", "assistant", "tool", "system", "critic"]) | json_values,
        "content": json_values,
        "from_history": st.booleans() | json_values,
        "tool_calls": json_values
        | st.lists(st.fixed_dictionaries({"id": json_values, "function": json_values}), max_size=2),
        "images": json_values,
        "created_at": json_values,
    },
)
runs = st.fixed_dictionaries(
    {},
    optional={
        "run_id": json_values,
        "status": st.sampled_from(["COMPLETED", "CANCELLED", "PAUSED", "ERROR", "RUNNING", "PENDING"]) | json_values,
        "messages": json_values | st.lists(messages | json_values, max_size=4),
        "input": json_values | st.fixed_dictionaries({"input_content": json_values}),
        "content": json_values,
        "tools": json_values,
        "created_at": json_values,
    },
)


def chat(runs, **more):
    row = {
        "session_id": "s", "session_type": "agent", "user_id": OWNER, "session_data": None, "created_at": 1,
        "updated_at": 2,
    }  # fmt: skip
    return FormerChat(runs=runs, **{**row, **more})


def run(run_id, *said, status="COMPLETED", **more):
    return {"run_id": run_id, "status": status, "messages": list(said), **more}


@given(st.lists(runs | json_values, max_size=5), json_values, json_values)
def test_a_chat_of_any_json_gives_a_question_and_an_answer_for_every_run_it_holds(found, data, at):
    row = chat(found, session_data=data, created_at=at, updated_at=at)
    said = unfold(row)
    objects = sum(isinstance(each, dict) for each in found)
    roles = [message.role for message in said.messages]
    assert roles == ["user", "assistant"] * (objects - said.noted["runs stored twice, read once"])
    assert said.noted["entries of runs that are no object"] == len(found) - objects
    assert len({message.key for message in said.messages}) == len(said.messages)
    assert all(time.tzinfo for time in times_of(row))


@given(json_values)
def test_runs_that_are_no_list_are_a_chat_without_messages(value):
    if not isinstance(value, list):
        said = unfold(chat(value))
        assert said.messages == []
        assert said.noted["runs that are no list"] == (value is not None)


@given(json_values, json_values, json_values, st.none() | st.text())
def test_a_chunk_of_any_json_comes_over_or_is_left_with_a_reason(page, start, end, content):
    course, owner, key = uuid4(), uuid4(), uuid4()
    deck = Deck(id=key, course_id=course, owner_id=owner, file_name="a.pdf", byte_count=0, failed=False)
    talk = Talk(id=key, course_id=course, title="", url=None, duration_ms=None, state="ready", failure="")
    meta = {
        "course_id": str(course), "owner_id": str(owner), "slide_number": page, "start_seconds": start,
        "end_seconds": end,
    }  # fmt: skip
    row = FormerChunk(place="(0,1)", key="1", meta_data=meta, content=content)
    for source in (deck, talk):
        found = sort_chunks(source, [row, row])
        assert len(found.passages.items) + len(found.left_out) == 2
        for each in found.passages.items:
            assert each.text.strip()
            assert (each.page or 0) >= 1 if source is deck else each.end_ms > each.start_ms >= 0
        assert {reason for _, reason in found.left_out} <= {"no page", "no times", "empty", "duplicate"}


@given(st.lists(st.tuples(st.integers(-5, 20) | st.just(10**6), st.sampled_from("abc")), max_size=30))
def test_every_source_of_an_answer_has_a_number_of_its_own_and_keeps_its_own_where_it_can(rows):
    found = [
        source_of({"id": str(uuid4()), "source_type": "slide", "chunk_number": number, "source_id": name})
        for number, name in rows
    ]
    numbered = number_sources(found)
    handles = [handle for handle, _ in numbered]
    assert len(set(handles)) == len(rows)
    kept = {number for number, _ in rows if 1 <= number <= 9999}
    assert {handle for handle, source in numbered if handle == source.number} >= kept
    assert all(handle > max(kept, default=0) for handle, source in numbered if handle != source.number)


@given(json_values)
def test_what_is_written_and_read_back_has_one_fingerprint(value):
    if read_or_none(value) is not None:
        assert fingerprint({"a": value, "at": datetime(2026, 1, 1, tzinfo=UTC)}) == fingerprint(
            {"at": datetime(2026, 1, 1, tzinfo=UTC), "a": value}
        )
    assert fingerprint({"a": 1.0}) == fingerprint({"a": 1})
    assert fingerprint({"a": "1"}) != fingerprint({"a": 1})


def read_or_none(value):
    try:
        return read_json(str(value))
    except (ValueError, RecursionError):
        return None


def test_what_a_run_repeats_is_read_where_it_stood_first_also_when_it_is_not_marked():
    asked = {"id": "q1", "role": "user", "content": "What is rank?"}
    answered = {"id": "a1", "role": "assistant", "content": "A number."}
    later = [
        {"id": "q2", "role": "user", "content": "And span?"},
        {"id": "a2", "role": "assistant", "content": "A set."},
    ]
    said = unfold(chat([run("1", asked, answered), run("2", asked, answered, *later), run("2", *later)]))
    assert [message.text for message in said.messages] == ["What is rank?", "A number.", "And span?", "A set."]
    assert said.noted["runs stored twice, read once"] == 1


def test_a_run_without_messages_tells_its_question_and_only_an_answer_a_model_wrote():
    told = [
        ("COMPLETED", "Because.", "Because.", "done"),
        ("CANCELLED", "Half of", "Half of", "stopped"),
        ("CANCELLED", "Run 1 was cancelled", "", "stopped"),
        ("PAUSED", "I have tools to execute, but I need confirmation.", "", "stopped"),
        ("ERROR", "quota exceeded", "", "error"),
        ("RUNNING", "Half", "", "interrupted"),
        ("PENDING", None, "", "interrupted"),
    ]
    for status, content, text, ours in told:
        found = {"run_id": "1", "status": status, "content": content, "input": {"input_content": "Why?"}}
        question, answer = unfold(chat([found])).messages
        assert (question.text, answer.text, answer.status) == ("Why?", text, ours), status


def test_an_answer_is_its_steps_and_sources_find_it_by_the_id_of_any_of_them():
    call = {"id": "c", "type": "function", "function": {"name": "search", "arguments": '{"query": "x"}'}}
    broken = {"id": "d", "function": {"name": "search", "arguments": '{"query": '}}
    found = unfold(
        chat(
            [
                run(
                    "1",
                    {"id": "q", "role": "user", "content": "Compare\\u0000\n\n<references>\n[1] x\n</references>"},
                    {"id": "s1", "role": "assistant", "content": "Let me look.", "tool_calls": [call, broken]},
                    {"id": "t", "role": "tool", "content": "CustomEvent(created_at=1)", "tool_call_id": "c"},
                    {"id": "s2", "role": "assistant", "content": None},
                    {"id": "s3", "role": "assistant", "content": [{"type": "text", "text": "Two"}, "lines."]},
                )
            ]
        )
    )
    question, answer = found.messages
    assert (question.text, question.id) == ("Compare\\u0000", "q")
    assert (answer.text, answer.id) == ("Let me look.\n\nTwo\nlines.", "s3")
    assert found.steps == dict.fromkeys(("s1", "s2", "s3"), answer.key)
    tools = [part for part in answer.parts if part["type"] == "tool-search"]
    assert [(tool["input"], tool["state"], tool.get("output")) for tool in tools] == [
        ({"query": "x"}, "output-available", ""),
        ('{"query": ', "output-error", None),
    ]
    assert found.others == {"q", "t"}


def test_pictures_and_thoughts_come_along_and_what_is_no_picture_is_counted():
    images = [{"content": "aGk=", "mime_type": "image/png"}, {"url": "https://elsewhere.example/x.png"}, "x",
              {"content": "aGk=", "mime_type": "text/html"}]  # fmt: skip
    said = unfold(
        chat(
            [
                run(
                    "1",
                    {"id": "q", "role": "user", "content": "This?", "images": images},
                    {"id": "a", "role": "assistant", "content": "Yes.", "reasoning_content": "Easy."},
                )
            ]
        )
    )
    question, answer = said.messages
    assert question.parts[1:] == ({"type": "file", "mediaType": "image/png", "url": "data:image/png;base64,aGk="},)
    assert answer.parts[1] == {"type": "reasoning", "text": "Easy.", "state": "done"}
    assert said.noted["pictures that cannot be shown"] == 3


@pytest.mark.parametrize(
    "text", ["{", "NaN", '{"a": "\\u0000"}', '"\\ud800"', "1" * 5000, "[" * 100_000, '{"\\u0000": 1}']
)
def test_arguments_that_are_no_json_or_that_no_row_could_keep_stay_text(text):
    assert arguments_of(text) == text
    assert arguments_of('{"a": "\\\\u0000", "b": [1.5, null, 1e999]}') == {"a": "\\u0000", "b": [1.5, None, "1e999"]}


def test_numbers_that_mean_no_page_and_no_time_are_none():
    assert [as_page(value) for value in (3, 3.0, "12", "007")] == [3, 3, 12, 7]
    bad = (0, -1, 2.5, True, "3.0", " 3", "٣", None, [], 10**30, float("nan"), float("inf"))
    assert [as_page(value) for value in bad] == [None] * len(bad)
    assert [as_ms(value) for value in (0, 0.36, 181.9, 12)] == [0, 360, 181900, 12000]
    bad = (-0.1, True, "3", None, 1e300, float("nan"), float("inf"))
    assert [as_ms(value) for value in bad] == [None] * len(bad)
    assert as_seconds(1_770_211_320) == datetime(2026, 2, 4, 13, 22, tzinfo=UTC)
    assert [as_seconds(value) for value in (-1, 10**12, "1", None, float("nan"), True)] == [None] * 6
    assert content_text({"a": [1]}) == '{"a": [1]}'


def test_an_owner_is_an_id_or_the_chat_stays_behind_and_any_id_of_a_chat_has_an_address():
    assert why_left_out(chat([])) is None
    assert [why_left_out(chat([], user_id=value)) for value in (None, "", "anonymous", OWNER.upper())] == [
        "no owner", "no owner", "owner is not an id", None,
    ]  # fmt: skip
    assert why_left_out(chat([], session_type="team")) == "not a chat"
    assert client_id_of("abc-1") == "abc-1"
    assert UUID(client_id_of("no address: é/?")) == UUID(client_id_of("no address: é/?"))
