"""Chunkers by name: the same material in other sizes, in chunks that never meet those of another chunker."""

from dataclasses import replace
from uuid import uuid4

from pipelines.core.embeddings.sets import CHUNKERS as NAMES
from pipelines.core.records import Document, Lecture, Segment, Slide
from pipelines.steps.chunkers import CHUNKERS, cut_deck, cut_lecture

COURSE = uuid4()
DECK = Document(
    id=uuid4(), course_id=COURSE, title="Week 1", file_name="a.pdf", source_name="a.pdf", sha256="0" * 64,
    byte_count=1, generation=1,
)  # fmt: skip
LECTURE = Lecture(
    id=uuid4(), course_id=COURSE, title="Week 1", file_name="a.vtt", source_name="a.vtt", media_sha256=None,
    captions_sha256="0" * 64, captions_name="a.vtt", byte_count=1, generation=1,
)  # fmt: skip
PAGES = ["Momentum is heavy.", "\n".join(f"Line {n} tells something of its own about momentum." for n in range(18))]
SLIDES = [
    Slide(
        page=page, page_label=None, title="", body=text, furniture="", section=None, text_source="layer", junk_chars=0,
        frame_group=page, image_sha256=None, width_pt=1.0, height_pt=1.0,
    )
    for page, text in enumerate(PAGES, 1)
]  # fmt: skip
SPEECH = [
    Segment(start_ms=n * 10_000, end_ms=(n + 1) * 10_000, text=f"Sentence {n} about momentum.", words=())
    for n in range(18)
]


def count(text):
    return len(text.split())


def decks(chunker):
    return cut_deck(chunker, DECK, SLIDES, [], title="Optimisation", count_tokens=count, max_tokens=256)


def speech(chunker):
    return cut_lecture(chunker, LECTURE, SPEECH, title="Week 1", count_tokens=count, max_tokens=256)


def test_a_set_may_name_every_chunker_there_is_and_no_other():
    assert tuple(CHUNKERS) == NAMES


def test_short_chunks_say_the_same_in_more_pieces_under_ids_of_their_own():
    for cut, pieces in ((decks, (2, 3)), (speech, (3, 6))):
        standard, short = cut(CHUNKERS["standard"]), cut(CHUNKERS["short"])
        assert (len(standard), len(short)) == pieces
        assert " ".join(c.text for c in standard).split() == " ".join(c.text for c in short).split()
        assert not {c.id for c in standard} & {c.id for c in short}
        assert standard[0].course_id == short[0].course_id == COURSE
    assert max(chunk.token_count for chunk in decks(CHUNKERS["short"])) <= 96
    assert max(c.end_ms - c.start_ms for c in speech(CHUNKERS["short"])) <= 50_000


def test_a_chunker_of_other_sizes_is_another_one():
    other = replace(CHUNKERS["standard"], slides="trial", slide_tokens=40)
    assert len(decks(other)) > len(decks(CHUNKERS["short"]))
