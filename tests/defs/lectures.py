"""The lectures graph as the tests drive it: uploads, runs as the sensor would ask for, and what came of them."""

import io
import re
from dataclasses import dataclass
from typing import Any

import dagster as dg

from pipelines.core.courses import ensure_course
from pipelines.core.lectures import count_lecture, get_lecture, put_lecture
from pipelines.core.models.providers import embedder
from pipelines.core.records import OPERATOR, Hit, Lecture, Scope, Segment
from pipelines.core.retrieval import retrieve_chunks
from pipelines.core.settings import REPOSITORY
from pipelines.core.stores import Stores
from pipelines.core.transcripts import read_transcript
from pipelines.definitions import defs
from pipelines.steps.alignment.scoring import read_spans
from pipelines.steps.captions.formats import to_vtt
from tests.defs.graphs import key_of

SAMPLE = REPOSITORY / "sample"
CAPTIONS = b"""WEBVTT

00:00.000 --> 00:04.000
Gradient descent follows the slope downhill.

00:04.000 --> 00:09.000
Momentum remembers the earlier steps.
"""


@dataclass
class Graph:
    """The stores of one test, its Dagster instance, and the job."""

    stores: Stores
    instance: dg.DagsterInstance

    def upload(self, media: bytes | None = None, captions: bytes | None = None, name: str = "", **more: Any) -> Lecture:
        name = name or ("week1.ogg" if media is not None else "week1.vtt")
        kept = [None if data is None else self.stores.files.add(io.BytesIO(data)).sha256 for data in (media, captions)]
        with self.stores.database.transaction() as connection:
            lecture, _ = put_lecture(
                connection, course_id=ensure_course(connection, "Optimisation").id, title=name, file_name=name,
                source_name=name, byte_count=1, media_sha256=kept[0], captions_sha256=kept[1],
                captions_name="week1.vtt" if captions is not None else None, **more,
            )  # fmt: skip
        return lecture

    def run(self, lecture: Lecture) -> dg.ExecuteInProcessResult:
        key = key_of(self.stores, lecture)
        self.instance.add_dynamic_partitions("lectures", [key])
        job = defs.resolve_job_def("process_lecture")
        return job.execute_in_process(partition_key=key, instance=self.instance, raise_on_error=False)

    def again(self, lecture: Lecture) -> Lecture:
        with self.stores.database.transaction() as connection:
            return get_lecture(connection, lecture.id, person=OPERATOR)

    def counts(self, lecture: Lecture):
        with self.stores.database.transaction() as connection:
            return count_lecture(connection, lecture)

    def said(self, lecture: Lecture) -> str:
        with self.stores.database.transaction() as connection:
            return " ".join(segment.text for segment in read_transcript(connection, self.again(lecture)))

    def search(self, lecture: Lecture, question: str) -> list[Hit]:
        return retrieve_chunks(
            self.stores.database, question, scope=Scope(course_id=lecture.course_id, person=OPERATOR),
            embed=embedder(self.stores.settings), limit=5,
        )  # fmt: skip


def lecture_captions() -> bytes:
    """Captions of the sample lecture: the sentences of its text, over the times its pages were up."""
    spans = read_spans(SAMPLE / "spans.jsonl")
    parts = re.split(r"\[page [\d-]+\]\n", (SAMPLE / "lecture.txt").read_text())[1:]
    cues = []
    for span, part in zip(spans, parts, strict=True):
        sentences = re.findall(r"[^.?!]+[.?!]", " ".join(part.split()))
        step = (span.end_ms - span.start_ms) / len(sentences)
        for number, sentence in enumerate(sentences):
            start, end = (round(span.start_ms + step * at) for at in (number, number + 1))
            cues.append(Segment(start_ms=start, end_ms=end, text=sentence.strip()))
    return to_vtt(cues).encode()
