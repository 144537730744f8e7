"""Whatever order a caller writes in, the stream is legal: random turns are judged by the real client, all versions."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from serving.chat import parts as p
from serving.chat.message import MessageBuilder
from serving.chat.writer import PartWriter

TEXTS = st.text(st.characters(exclude_categories=()) | st.sampled_from("\ud83d\ude00\x00\n\r\u2028[]1"), max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers(-(10**6), 10**6) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS | st.just("__proto__"), inner, max_size=3),
    max_leaves=5,
)
IDS = st.sampled_from(["a", "b", "", "\ud800"])
CALLS = st.one_of(
    st.tuples(st.just("text"), TEXTS),
    st.tuples(st.just("text"), st.just("data: [DONE]\n\ndata: {}\n\n")),
    st.tuples(st.just("reasoning"), TEXTS),
    st.tuples(st.just("start_step")),
    st.tuples(st.just("finish_step")),
    st.tuples(st.just("close_text")),
    st.tuples(st.just("tool_start"), IDS, st.sampled_from(["search_course_materials", "other"])),
    st.tuples(st.just("tool_delta"), IDS, TEXTS),
    st.tuples(st.just("tool_input"), IDS, JSON),
    st.tuples(st.just("tool_input_error"), IDS, JSON, TEXTS),
    st.tuples(st.just("tool_output"), IDS, JSON),
    st.tuples(st.just("tool_error"), IDS, TEXTS),
    st.tuples(st.just("citations"), st.dictionaries(TEXTS, JSON, max_size=2)),
    st.tuples(st.just("source"), st.sampled_from(["s1", "s2"]), TEXTS),
)
ENDS = st.sampled_from([("finish", "stop"), ("finish", "length"), ("error", "{}"), ("abort", "why")])
TURNS = st.tuples(st.lists(CALLS, max_size=14), ENDS, st.lists(CALLS, max_size=2))


def written(turn):
    """(stream bytes, the writer) of one random turn."""
    sent = []
    writer = PartWriter(sent.append)
    writer.start("msg_1", {"sessionId": "s"})
    calls, end, late = turn
    for name, *given_values in [*calls, end, *late]:
        values = list(given_values)
        if name == "source":
            metadata = {"studybuddy": {"page": None}}
            values = [p.SourceDocument(source_id=values[0], media_type="application/pdf",
                                       title=p.clean(values[1]), provider_metadata=metadata)]  # fmt: skip
        getattr(writer, name)(*values)
    return b"".join(part.sse() for part in sent) + p.DONE, writer


@settings(max_examples=60, deadline=None)
@given(TURNS)
def test_stored_stream_text_adds_up_to_the_same_message(turn):
    stream, writer = written(turn)
    assert MessageBuilder.of(p.parse_sse(stream.decode())).parts() == writer.message.parts()


@settings(max_examples=60, deadline=None)
@given(TURNS, st.randoms(use_true_random=False))
def test_a_stream_cut_anywhere_can_be_taken_up_and_closed(turn, randoms):
    stream, _ = written(turn)
    said = p.parse_sse(stream.decode())
    said = said[: randoms.randint(0, len(said))]
    more = []
    writer = PartWriter(more.append)
    writer.resume(said)
    writer.abort("interrupted")
    whole = [*said, *more]
    opened = [part.id for part in whole if isinstance(part, p.TextStart | p.ReasoningStart)]
    closed = [part.id for part in whole if isinstance(part, p.TextEnd | p.ReasoningEnd)]
    assert sorted(opened) == sorted(closed)
    assert MessageBuilder.of(whole).parts() == writer.message.parts()


def test_the_real_client_accepts_every_turn(client):
    turns = collect(120)
    made = [written(turn) for turn in turns]
    histories = [writer.message.parts() for _, writer in made]
    judged = client(streams=[stream.decode() for stream, _ in made], histories=json.loads(json.dumps(histories)))
    for version, verdict in judged.items():
        for turn, (_, writer), seen, valid in zip(turns, made, verdict["found"], verdict["histories"], strict=True):
            assert seen["status"] == ("error" if turn[1][0] == "error" else "ready"), (version, turn, seen)
            assert turn[1][0] == "error" or seen.get("error") is None, (version, turn, seen)
            assert valid is True, (version, turn)
            message = seen["message"]
            assert message["id"] == "msg_1"
            said = [part["text"] for part in message["parts"] if part["type"] in ("text", "reasoning")]
            assert said == [part["text"] for part in writer.message.parts() if part["type"] in ("text", "reasoning")]
            assert kinds(message["parts"]) == kinds(writer.message.parts())


def kinds(parts):
    """Types in order, without steps at the end in which nothing was said: the client shows those when more comes."""
    types = [part["type"] for part in parts]
    while types and types[-1] == "step-start":
        types.pop()
    return types


def test_the_judge_has_teeth(client):
    good = p.Start(message_id="m").sse() + p.TextStart(id="t").sse() + p.TextDelta(id="t", delta="x").sse()
    source = {"type": "source-document", "sourceId": "s", "mediaType": "a/b", "title": "t"}
    mutants = [
        {**source, "filename": None},
        {**source, "providerMetadata": {"page": 3}},
        {"type": "finish", "finishReason": "tool_calls"},
        {"type": "citation"},
        {"type": "tool-output-available", "toolCallId": "x"},
    ]
    streams = [(good + b"data: " + json.dumps(mutant).encode() + b"\n\n").decode() for mutant in mutants]
    for verdict in client(streams=streams).values():
        assert [seen["status"] for seen in verdict["found"]] == ["error"] * len(mutants)


def collect(count):
    """Random turns of a fixed seed."""
    turns = []

    @settings(max_examples=count, deadline=None, derandomize=True, database=None)
    @given(TURNS)
    def gather(turn):
        turns.append(turn)

    gather()
    return turns[:count]
