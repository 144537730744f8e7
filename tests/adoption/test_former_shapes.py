"""Whatever JSON a former row holds, it is read to its end, and nothing in it is lost without a count."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from pipelines.adoption.former.chats import read_session
from pipelines.adoption.former.chunks import Material, Materials, read_chunk
from pipelines.adoption.former.records import Chunk, Note, Reason
from pipelines.adoption.former.shapes import ms_of, page_of, text_of, time_of
from pipelines.adoption.former.sources import read_sources

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


def session(runs, **more):
    return {"session_id": "s", "session_type": "agent", "user_id": OWNER, "runs": runs, **more}


def run(run_id, *said, status="COMPLETED", **more):
    return {"run_id": run_id, "status": status, "messages": list(said), **more}


@given(st.lists(runs | json_values, max_size=5), json_values, json_values, json_values)
def test_a_session_of_any_json_gives_a_question_and_an_answer_for_every_run_it_holds(found, data, summary, at):
    read = read_session(session(found, session_data=data, summary=summary, created_at=at, updated_at=at))
    objects = sum(isinstance(each, dict) for each in found)
    roles = [message.role for message in read.chat.messages]
    assert roles == ["user", "assistant"] * (objects - read.notes.get(Note.REPEATED_RUN, 0))
    assert read.notes.get(Note.NOT_READABLE, 0) >= len(found) - objects


@given(json_values)
def test_runs_that_are_no_list_are_a_chat_without_messages(value):
    if not isinstance(value, list):
        assert read_session(session(value)).chat.messages == ()


@given(json_values, json_values, json_values, st.none() | st.text())
def test_a_chunk_of_any_json_is_read_or_left_with_a_reason(page, start, end, content):
    deck, lecture, course, owner = uuid4(), uuid4(), uuid4(), uuid4()
    materials = Materials({deck: Material(course, owner)}, {lecture: Material(course)}, frozenset({course}))
    shared = {"course_id": str(course), "owner_id": str(owner), "document_id": str(deck), "lecture_id": str(lecture)}
    data = {**shared, "slide_number": page, "start_seconds": start, "end_seconds": end}
    row = {"id": "1", "meta_data": data, "content": content}
    for kind in ("slide", "speech"):
        read = read_chunk(row, kind, materials)
        if isinstance(read, Chunk):
            assert read.content.strip()
            assert (read.page or 0) >= 1 if kind == "slide" else read.end_ms > read.start_ms >= 0
        else:
            assert read in (Reason.NO_PAGE, Reason.NO_TIMES, Reason.EMPTY)


@given(st.lists(st.tuples(st.integers(-5, 20) | st.just(10**6), st.sampled_from("abc")), max_size=30))
def test_every_source_of_an_answer_has_a_handle_of_its_own_and_keeps_its_number_where_it_can(rows):
    numbered = [{"id": uuid4(), "source_type": "slide", "chunk_number": n, "source_id": name} for n, name in rows]
    read = read_sources(numbered)
    handles = [source.handle for source in read]
    assert len(read) == len(rows)
    assert handles == sorted(set(handles))
    kept = {number for number, _ in rows if 1 <= number <= 9999}
    assert {source.handle for source in read if source.former_number is None} == kept


def test_what_a_run_repeats_is_read_where_it_stood_first_also_when_it_is_not_marked():
    asked = {"id": "q1", "role": "user", "content": "What is rank?"}
    answered = {"id": "a1", "role": "assistant", "content": "A number."}
    later = [
        {"id": "q2", "role": "user", "content": "And span?"},
        {"id": "a2", "role": "assistant", "content": "A set."},
    ]
    read = read_session(session([run("1", asked, answered), run("2", asked, answered, *later), run("2", *later)]))
    assert [message.text for message in read.chat.messages] == ["What is rank?", "A number.", "And span?", "A set."]
    assert read.notes == {Note.REPEATED_RUN: 1}


def test_a_run_without_messages_tells_its_question_and_only_an_answer_a_model_wrote():
    asked = {"input": {"input_content": "Why?"}}
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
        read = read_session(session([{"run_id": "1", "status": status, "content": content, **asked}]))
        question, answer = read.chat.messages
        assert (question.text, answer.text, answer.status) == ("Why?", text, ours), status


def test_an_answer_is_its_steps_and_opens_by_the_id_of_any_of_them():
    call = {"id": "c", "type": "function", "function": {"name": "search", "arguments": '{"query": "x"}'}}
    broken = {"id": "d", "function": {"name": "search", "arguments": '{"query": '}}
    read = read_session(
        session(
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
    question, answer = read.chat.messages
    assert (question.text, question.id) == ("Compare\\u0000", "q")
    assert (answer.text, answer.id, answer.step_ids) == ("Let me look.\n\nTwo\nlines.", "s3", ("s1", "s2", "s3"))
    assert [(tool.arguments, tool.result) for tool in answer.tools] == [({"query": "x"}, None), ('{"query": ', None)]
    assert read.others == {"q", "t"}


def test_numbers_that_mean_no_page_and_no_time_are_none():
    assert [page_of(value) for value in (3, 3.0, "12", "007")] == [3, 3, 12, 7]
    bad = (0, -1, 2.5, True, "3.0", " 3", "٣", None, [], 10**30, float("nan"), float("inf"))
    assert [page_of(value) for value in bad] == [None] * len(bad)
    assert [ms_of(value) for value in (0, 0.36, 181.9, 12)] == [0, 360, 181900, 12000]
    bad = (-0.1, True, "3", None, 1e300, float("nan"))
    assert [ms_of(value) for value in bad] == [None] * len(bad)
    assert time_of(1_770_211_320) == datetime(2026, 2, 4, 13, 22, tzinfo=UTC)
    assert [time_of(value) for value in (-1, 10**12, "1", None, float("nan"), True)] == [None] * 6
    assert text_of({"a": [1]}) == '{"a": [1]}'


def test_an_owner_is_an_id_or_the_chat_stays_behind():
    def reason(**row):
        return read_session(session([], **row)).reason

    assert read_session(session([])).chat.owner == UUID(OWNER)
    assert [reason(user_id=value) for value in (None, "", "anonymous", 7)] == [
        Reason.NO_OWNER, Reason.NO_OWNER, Reason.OWNER_IS_NO_ID, Reason.NO_OWNER,
    ]  # fmt: skip
    assert reason(session_type="team") == Reason.NOT_A_CHAT
