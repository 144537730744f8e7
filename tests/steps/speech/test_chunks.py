"""Where a lecture is cut, and that nothing of it is lost, doubled or torn apart."""

from itertools import pairwise
from pathlib import Path
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from pipelines.core.records import Chunk, Segment, Word
from pipelines.steps.captions.clean import parse_captions
from pipelines.steps.speech.chunks import MAX_MS, TARGET_MS, chunk_speech

LECTURE = UUID(int=1)


def count_words(text: str) -> int:
    return len(text.split()) + 2  # an embedder adds a start and an end


def chunk(segments: list[Segment], *, max_tokens: int = 256, context: str = "") -> list[Chunk]:
    return chunk_speech(
        segments,
        course_id=UUID(int=2),
        lecture_id=LECTURE,
        title="Gradients",
        count_tokens=count_words,
        max_tokens=max_tokens,
        context=context,
    )


def talk(texts: list[str], *, each_ms: int = 5000, pauses: dict[int, int] | None = None) -> list[Segment]:
    """Segments of `each_ms`, with a pause of so many milliseconds before the numbered ones."""
    segments, at_ms = [], 0
    for number, text in enumerate(texts):
        at_ms += (pauses or {}).get(number, 0)
        segments.append(Segment(start_ms=at_ms, end_ms=at_ms + each_ms, text=text))
        at_ms += each_ms
    return segments


def starts(chunks: list[Chunk]) -> list[str]:
    return [c.text.split()[0] for c in chunks]


def test_no_speech_gives_no_chunks() -> None:
    assert chunk([]) == []


def test_a_short_lecture_is_one_chunk_with_its_times_and_title() -> None:
    (only,) = chunk(talk(["one two.", "three."]), context="Optimisation")
    assert (only.text, only.context, only.title) == ("one two. three.", "Optimisation", "Gradients")
    assert (only.start_ms, only.end_ms, only.kind, only.source_id, only.page) == (0, 10_000, "speech", LECTURE, None)
    assert only.token_count == count_words(only.search_text)


def test_cuts_fall_on_sentence_ends() -> None:
    texts = [f"w{n} goes on" for n in range(48)]
    for last in (9, 22, 35):
        texts[last] += "."
    assert starts(chunk(talk(texts))) == ["w0", "w10", "w23", "w36"]


def test_speech_without_punctuation_is_cut_at_pauses_and_new_starts() -> None:
    texts = [f"w{n} goes on and" for n in range(36)]
    texts[24] = "so the next thing"
    assert starts(chunk(talk(texts, pauses={13: 900}))) == ["w0", "w13", "so"]


def test_a_long_silence_always_separates() -> None:
    assert starts(chunk(talk(["a b", "c d"], pauses={1: MAX_MS}))) == ["a", "c"]


def test_lengths_stay_near_the_target() -> None:
    lengths = [c.end_ms - c.start_ms for c in chunk(talk([f"w{n}." for n in range(400)])) if c.end_ms and c.start_ms]
    assert all(45_000 <= length <= MAX_MS for length in lengths)
    assert abs(sum(lengths) / len(lengths) - TARGET_MS) < 3000


def test_fast_speech_is_cut_by_the_embedders_limit() -> None:
    chunks = chunk(talk([f"w{n} " * 29 + "x" for n in range(40)]), max_tokens=128, context="a course")
    assert all(count_words(c.search_text) <= 128 for c in chunks)
    assert len(chunks) == 10


def test_a_context_too_long_for_its_share_is_cut() -> None:
    (only,) = chunk(talk(["hello"]), max_tokens=40, context="very " * 100)
    assert count_words(only.context) == 10


def test_one_endless_caption_keeps_its_time_in_every_part() -> None:
    text = " ".join(f"w{n}." if n % 10 == 9 else f"w{n}" for n in range(100))
    chunks = chunk([Segment(start_ms=0, end_ms=600_000, text=text)], max_tokens=42)
    assert {(c.start_ms, c.end_ms) for c in chunks} == {(0, 600_000)}
    assert " ".join(c.text for c in chunks) == text
    assert all(c.text.endswith(".") for c in chunks)
    assert len({c.id for c in chunks}) == len(chunks) == 3


def test_one_endless_segment_with_words_is_cut_at_their_times() -> None:
    words = tuple(Word(start_ms=n * 500, end_ms=n * 500 + 400, text=f" w{n}", probability=1) for n in range(100))
    chunks = chunk(
        [Segment(start_ms=0, end_ms=49_900, text=" ".join(w.text for w in words), words=words)], max_tokens=52
    )
    assert [(c.start_ms, c.end_ms) for c in chunks] == [(0, 24_900), (25_000, 49_900)]


def test_ids_depend_on_what_is_embedded_so_corrected_words_get_a_new_vector() -> None:
    first = chunk(talk(["a b.", "c d."]))
    assert [c.id for c in first] != [c.id for c in chunk(talk(["x", "y"]))]
    later = [Segment(start_ms=s.start_ms + 1, end_ms=s.end_ms, text=s.text) for s in talk(["a b.", "c d."])]
    assert chunk(later)[0].id == first[0].id


piece = st.tuples(st.integers(0, 30_000), st.integers(1, 30_000), st.integers(1, 60), st.sampled_from(["", ".", ","]))


@given(st.lists(piece, max_size=40), st.integers(20, 80))
def test_every_word_is_in_exactly_one_chunk_in_order_and_fits(
    pieces: list[tuple[int, int, int, str]], max_tokens: int
) -> None:
    segments: list[Segment] = []
    at_ms = 0
    for number, (gap, length, size, end) in enumerate(pieces):
        text = " ".join(f"{number}.{n}x" for n in range(size)) + end
        segments.append(Segment(start_ms=at_ms + gap, end_ms=at_ms + gap + length, text=text))
        at_ms += gap + length
    chunks = chunk(segments, max_tokens=max_tokens, context="some context")
    assert " ".join(c.text for c in chunks) == " ".join(s.text for s in segments)
    assert all(c.token_count <= max_tokens for c in chunks)
    assert [c.ordinal for c in chunks] == list(range(len(chunks)))
    assert len({c.id for c in chunks}) == len(chunks)
    assert {c.start_ms for c in chunks} <= {s.start_ms for s in segments}
    assert {c.end_ms for c in chunks} <= {s.end_ms for s in segments}


def test_real_captions_are_cut_at_sentences_without_overlaps(shared_data: Path) -> None:
    ends = total = 0
    for path in sorted((shared_data / "captions/hf-course/en").glob("*.srt")):
        chunks = chunk(list(parse_captions(path.read_bytes(), file_name=path.name).segments))
        assert all((a.end_ms or 0) <= (b.start_ms or 0) for a, b in pairwise(chunks))
        total += len(chunks) - 1
        ends += sum(c.text[-1] in ".?!" for c in chunks[:-1])
    assert ends / total > 0.95
