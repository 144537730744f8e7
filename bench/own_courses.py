"""Courses to try retrieval on: one of our own making, and public collections of questions as lectures and decks.

`spoken`: the topics of `topics.py` in decks of few words and lectures of five times as many chunks; questions with the
topic's name, paraphrased without it, misspelt, about figures, and about speech, also where the name was misheard.
`cranfield`: 1,400 abstracts as pages of decks. `squad`: 48 articles as recognised speech. Both from `../shared/data`.
"""

import json
import random
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from bench.topics import TALK, TOPICS, Topic
from pipelines.core.chunks import chunks_without_vectors, replace_lecture_chunks, replace_slide_chunks
from pipelines.core.courses import ensure_course
from pipelines.core.documents import put_document
from pipelines.core.embeddings.sets import SEARCH_TEXT_VERSION
from pipelines.core.embeddings.vectors import ensure_embedding_set, write_vectors
from pipelines.core.lecture_slides import replace_lecture_slides
from pipelines.core.lectures import put_lecture
from pipelines.core.models.providers import embedder
from pipelines.core.postgres import Connection
from pipelines.core.records import Document, Lecture, Segment, Slide, SlideSpan
from pipelines.core.settings import REPOSITORY
from pipelines.core.stores import Stores
from pipelines.steps.chunkers import CHUNKERS, cut_deck, cut_lecture

SHARED = REPOSITORY.parent / "shared/data/retrieval"
STANDARD = CHUNKERS["standard"]
WORDS_PER_SECOND = 2.5
DECK_PAGES = 100
TALK_SENTENCES = 64
"""Of each topic, about nine minutes: with what is said of the figure ten chunks for its two slides."""
Question = dict[str, Any]


def slide(page: int, title: str, body: str) -> Slide:
    return Slide(
        page=page, page_label=str(page), title=title, body=body, furniture="", section=None, text_source="layer",
        junk_chars=0, frame_group=page, image_sha256=None, width_pt=960.0, height_pt=540.0,
    )  # fmt: skip


def segments(sentences: Sequence[str], start_ms: int = 0) -> Iterator[Segment]:
    """The sentences one after the other, as fast as people speak."""
    for sentence in sentences:
        end_ms = start_ms + max(500, round(1000 * len(sentence.split()) / WORDS_PER_SECOND))
        yield Segment(start_ms=start_ms, end_ms=end_ms, text=sentence, words=())
        start_ms = end_ms


class Course:
    """A course that is being filled: decks and lectures go straight into its tables, as its assets would write them."""

    def __init__(self, stores: Stores, name: str) -> None:
        self.name = name
        self._stores, self._embed = stores, embedder(stores.settings)
        with stores.database.transaction() as connection:
            self.id = ensure_course(connection, name).id

    def deck(self, name: str, slides: Sequence[Slide]) -> UUID:
        with self._stores.database.transaction() as connection:
            made, _ = put_document(
                connection, sealer=self._stores.sealer, course_id=self.id, title=Path(name).stem, file_name=name,
                source_name=name, sha256=_sha256(self.id, name), byte_count=1,
            )  # fmt: skip
            chunks = cut_deck(STANDARD, made, slides, [], title=made.title, **self._limits())
            replace_slide_chunks(connection, made, chunks, chunker_version=STANDARD.slides)
            self._embed_all(connection, made)
        return made.id

    def lecture(self, name: str, said: Sequence[Segment], shown: Sequence[SlideSpan] = ()) -> None:
        with self._stores.database.transaction() as connection:
            made, _ = put_lecture(
                connection, course_id=self.id, title=Path(name).stem, file_name=name, source_name=name, byte_count=1,
                captions_sha256=_sha256(self.id, name), captions_name=name, media_sha256=None,
            )  # fmt: skip
            chunks = cut_lecture(STANDARD, made, said, title=made.title, **self._limits())
            replace_lecture_chunks(connection, made, chunks, chunker_version=STANDARD.speech)
            self._embed_all(connection, made)
            replace_lecture_slides(connection, made, shown)

    def _limits(self) -> dict[str, Any]:
        return {"count_tokens": self._embed.count_tokens, "max_tokens": self._embed.max_tokens}

    def _embed_all(self, connection: Connection, made: Document | Lecture) -> None:
        known = ensure_embedding_set(
            connection, model=self._embed.model, dims=self._embed.dims, search_text_version=SEARCH_TEXT_VERSION
        )
        missing = chunks_without_vectors(connection, known, made.id)
        write_vectors(connection, known, missing, self._embed.embed([chunk.search_text for chunk in missing]))


def fill_spoken(course: Course, seed: int) -> dict[str, list[Question]]:
    """The course of our own; its questions by row."""
    rng = random.Random(seed)
    asked: dict[str, list[Question]] = {
        row: [] for row in ("named", "paraphrased", "misspelt", "mistyped", "figure", "said", "misheard")
    }
    for week, first in enumerate(range(0, len(TOPICS), 4), 1):
        deck, recording = f"week{week}.pdf", f"week{week}-lecture.vtt"
        slides: list[Slide] = []
        said: list[Segment] = []
        changes = [0]
        for topic in TOPICS[first : first + 4]:
            misheard = rng.random() < 0.5
            page, begins = len(slides) + 1, said[-1].end_ms if said else 0
            slides.append(slide(page, topic.name.capitalize(), "\n".join(topic.lines)))
            slides.append(slide(page + 1, "Example", "0 20 40 60 80 100\n0.0 0.5 1.0"))
            said += segments(_talk(topic, rng, misheard=misheard), begins)
            shown = said[-1].end_ms
            said += segments(_of_figure(topic), shown)
            changes += [shown, said[-1].end_ms]
            place = {"kind": "slide", "file": deck}
            for row, question, pages in (
                ("named", f"What is {topic.name}?", [page]),
                ("paraphrased", topic.asked, [page]),
                ("misspelt", f"What is {topic.heard}?", [page]),
                ("mistyped", f"What is {_mistyped(topic.name)}?", [page]),
                ("figure", topic.asked_of_figure, [page + 1]),
            ):
                asked[row].append({**place, "id": f"{row} {topic.name}", "question": question, "pages": pages})
            row = "misheard" if misheard else "said"
            asked[row].append({
                "id": f"{row} {topic.name}", "kind": "speech", "file": recording,
                "question": f"What does the lecturer say about {topic.name}?",
                "t_start": begins / 1000, "t_end": said[-1].end_ms / 1000,
            })  # fmt: skip
        up = course.deck(deck, slides)
        course.lecture(recording, said, [
            SlideSpan(start_ms=start, end_ms=end, document_id=up, page=page, confidence=1.0)
            for page, (start, end) in enumerate(pairwise(changes), 1)
        ])  # fmt: skip
    return asked


def _talk(topic: Topic, rng: random.Random, *, misheard: bool) -> list[str]:
    others = [other.name for other in TOPICS if other is not topic]
    return [
        rng.choice(TALK).format(
            name=topic.heard if misheard else topic.name,
            line=_spoken(rng.choice(topic.lines)),
            other=rng.choice(others),
        )
        for _ in range(TALK_SENTENCES)
    ]


def _mistyped(text: str) -> str:
    """A text with two letters swapped, in the middle of its longest word: where hands slip."""
    word = max(text.split(), key=len)
    middle = len(word) // 2
    return text.replace(word, word[:middle] + word[middle + 1] + word[middle] + word[middle + 2 :])


def _spoken(line: str) -> str:
    return line[0].lower() + line[1:]


def _of_figure(topic: Topic) -> list[str]:
    return [
        "And here you see what that looks like.",
        f"If you look at this closely, {topic.drawn}.",
        "Take a moment and look at it, it says more than the formula.",
        f"So once more, {topic.drawn}.",
    ]


def fill_cranfield(course: Course) -> dict[str, list[Question]]:
    """Abstracts as pages, in decks; a question's places are all pages that were judged to answer it at all."""
    texts = (SHARED / "cranfield/cran.all.1400").read_text(encoding="utf-8", errors="replace").split("\n.I ")
    place: dict[int, tuple[str, int]] = {}
    for first in range(0, len(texts), DECK_PAGES):
        deck, slides = f"reports-{first // DECK_PAGES + 1:02}.pdf", []
        for text in texts[first : first + DECK_PAGES]:
            number = int(text.removeprefix(".I ").split("\n", 1)[0])
            title = " ".join(text.partition(".T\n")[2].partition("\n.A\n")[0].split())
            body = text.partition("\n.W\n")[2].strip()
            slides.append(slide(len(slides) + 1, title, body))
            place[number] = (deck, len(slides))
        course.deck(deck, slides)
    judged: dict[int, list[int]] = {}
    for line in (SHARED / "cranfield/cranqrel").read_text().splitlines():
        query, document, grade = map(int, line.split())
        if 1 <= grade <= 4:
            judged.setdefault(query, []).append(document)
    questions: list[Question] = []
    queries = (SHARED / "cranfield/cran.qry").read_text().split(".I ")[1:]
    for number, text in enumerate(queries, 1):  # judgements count them in order, whatever number they bear
        places = [place[document] for document in judged.get(number, ()) if document in place]
        others = [{"kind": "slide", "file": deck, "pages": [page]} for deck, page in places[1:]]
        if places:
            questions.append({
                "id": str(number), "kind": "slide", "question": " ".join(text.partition(".W\n")[2].split()),
                "file": places[0][0], "pages": [places[0][1]], "cross_evidence": others,
            })  # fmt: skip
    mistyped = [{**each, "question": _mistyped(each["question"])} for each in questions]
    return {"abstracts": questions, "mistyped": mistyped}


def fill_squad(course: Course, seed: int, most: int) -> dict[str, list[Question]]:
    """Articles as lectures; each of `most` questions, drawn by chance, has its paragraph for a place."""
    questions: list[Question] = []
    for article in json.loads((SHARED / "spoken-squad/spoken_test-v1.1.json").read_text())["data"]:
        said: list[Segment] = []
        name = f"{article['title']}.vtt"
        for paragraph in article["paragraphs"]:
            words = paragraph["context"].split()
            begins = said[-1].end_ms if said else 0
            said += segments([" ".join(words[at : at + 12]) for at in range(0, len(words), 12)], begins)
            place = {"kind": "speech", "file": name, "t_start": begins / 1000, "t_end": said[-1].end_ms / 1000}
            questions += [{**place, "id": each["id"], "question": each["question"]} for each in paragraph["qas"]]
        course.lecture(name, said)
    return {"articles": random.Random(seed).sample(questions, min(most, len(questions)))}


def _sha256(course_id: UUID, name: str) -> str:
    return uuid5(course_id, name).hex * 2
