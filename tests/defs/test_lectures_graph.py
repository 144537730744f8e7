"""The lectures graph on a real database: each test uploads a lecture and runs the job as the sensor would."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import dagster as dg
import numpy as np
import pytest

from pipelines.core.findings import list_findings
from pipelines.core.materials import list_materials
from pipelines.core.records import OPERATOR, Lecture, Scope
from pipelines.core.settings import REPOSITORY, get_settings
from pipelines.core.transcripts import find_transcript, read_transcript, transcript_progress
from pipelines.core.uploads import LECTURE, delete_upload, purge_upload
from pipelines.defs import speech
from pipelines.defs.sensors import LECTURES, look
from pipelines.steps.speech import transcripts as recognition
from tests.defs.graphs import failed_checks, key_of, metadata, opened
from tests.defs.lectures import CAPTIONS, Graph
from tests.steps.media import music, tone, wav_bytes, write_video

RECORDING = REPOSITORY / "sample" / "wind-power-lecture.ogg"
OTHER_CAPTIONS = CAPTIONS.replace(b"Momentum remembers the earlier steps.", b"Adam adapts the size of its steps.")
PIECE_MS = 12_000
"""Short pieces, so that a short recording has several."""


@pytest.fixture
def graph(tmp_path, database_url, monkeypatch):
    with opened(tmp_path, database_url, monkeypatch) as given:
        yield Graph(*given)


@pytest.fixture(scope="module")
def spoken() -> Callable[[int], bytes]:
    """The first seconds of the sample lecture as FLAC."""
    with av.open(str(RECORDING)) as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
        parts = [
            made.to_ndarray()[0]
            for frame in container.decode(audio=0)
            if frame.time < 40
            for made in resampler.resample(frame)
        ]
    samples = np.concatenate(parts)
    return lambda seconds: wav_bytes(samples[: seconds * 16_000])


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
    assert failed_checks(result) == {"everything_is_read"}
    assert found(graph, lecture) == ["1 captions of week1.vtt stand after the end of the recording and were left out."]


def found(graph: Graph, lecture: Lecture) -> list[str]:
    with graph.stores.database.transaction() as connection:
        return [finding.sentence for finding in list_findings(connection, lecture)]


def test_captions_in_another_language_than_the_recording_are_kept_with_a_warning(graph, spoken):
    said = "Heute sehen wir, wie der Wind die Rotoren dreht, und was das mit der Leistung zu tun hat, die wir messen."
    lecture = graph.upload(media=spoken(10), captions=f"1\n00:00:00,000 --> 00:00:09,000\n{said}\n".encode())
    result = graph.run(lecture)
    assert result.success
    assert failed_checks(result) == {"captions_are_in_the_language_spoken", "everything_is_read"}
    with graph.stores.database.transaction() as connection:
        transcript = find_transcript(connection, lecture)
    assert transcript.language == "de"
    assert found(graph, lecture) == [
        "week1.vtt seems to be in another language (de) than the recording (en).",
    ]


def test_a_stretch_that_sounds_like_speech_and_gives_no_words_is_told_with_its_time(graph, spoken, monkeypatch):
    def deaf_at_first(audio: Path, **options: Any) -> Iterator[recognition.SpeechPiece]:
        for piece in transcribe(audio, **options):
            yield piece if piece.start_ms else replace(piece, segments=())

    transcribe = recognition.transcribe
    monkeypatch.setattr(recognition, "PIECE_MS", PIECE_MS)
    monkeypatch.setattr(speech, "transcribe", deaf_at_first)
    lecture = graph.upload(media=spoken(30))
    result = graph.run(lecture)
    assert result.success, reason(result)
    assert failed_checks(result) == {"everything_is_read"}
    with graph.stores.database.transaction() as connection:
        (finding,) = list_findings(connection, lecture)
        (material,) = list_materials(connection, Scope(course_id=lecture.course_id, person=OPERATOR))
    assert (finding.code, finding.start_ms) == ("no_words", 0)
    assert metadata(result, "transcripts")["unreadable_share"] == pytest.approx(
        (finding.end_ms or 0) / 30_000, abs=0.01
    )
    assert material.note.startswith("0:00: something sounds like speech, but no words were recognised.")


@pytest.mark.parametrize("kind", ["silence", "a video without sound"])
def test_captions_are_the_transcript_of_a_recording_in_which_nothing_is_heard(graph, bad, kind):
    name, data = bad[kind]
    lecture = graph.upload(media=data, captions=CAPTIONS, name=name)
    result = graph.run(lecture)
    assert result.success, reason(result)
    assert graph.again(lecture).failure is None
    assert graph.counts(lecture).searchable
    assert len(graph.search(lecture, "What does momentum remember?")) == 1
    (finding,) = found(graph, lecture)
    assert finding.startswith("nothing can be heard in the recording")
    assert metadata(result, "lecture_audio")["dagster/row_count"] == 0


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


def run_elsewhere(key: str) -> subprocess.Popen[bytes]:
    """The job of this partition in a process of its own, with short pieces."""
    code = f"""
        import dagster as dg
        from pipelines.definitions import defs
        from pipelines.steps.speech import transcripts
        transcripts.PIECE_MS = {PIECE_MS}
        with dg.DagsterInstance.ephemeral() as instance:
            instance.add_dynamic_partitions("lectures", ["{key}"])
            defs.resolve_job_def("process_lecture").execute_in_process(partition_key="{key}", instance=instance)
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


@pytest.mark.slow
def test_a_killed_run_goes_on_after_its_last_piece(graph, spoken, monkeypatch):
    monkeypatch.setattr(recognition, "PIECE_MS", PIECE_MS)
    lecture = graph.upload(media=spoken(38))

    def done_ms() -> int:
        with graph.stores.database.transaction() as connection:
            progress = transcript_progress(connection, lecture.id)
        return progress.done_ms if progress is not None else 0

    process = run_elsewhere(key_of(graph.stores, lecture))
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
            return progress is not None and progress.done_ms > 0 and delete_upload(connection, LECTURE, lecture.id)

    wait_for(begun)
    thread.join()
    message, retried = reason(results[0])
    assert "was replaced or deleted" in message
    assert not retried
    purge_upload(graph.stores.database, graph.stores.files, LECTURE, lecture.id)
    assert graph.stores.files.list_stored() == []
    with graph.stores.database.transaction() as connection:
        for table in ("lectures", "transcript_pieces", "transcript_segments", "ai.lecture_chunks_knowledge"):
            assert connection.execute(f"select count(*) from {table}").fetchone() == (0,)  # noqa: S608


@pytest.mark.slow
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
    assert [(r.run_key, r.partition_key) for r in asked.run_requests] == [
        (f"lecture:{lecture.id}:1", key_of(graph.stores, lecture))
    ]
    graph.run(lecture)
    assert isinstance(look(LECTURES, graph.stores, graph.instance, "[]"), dg.SkipReason)
    with graph.stores.database.transaction() as connection:
        delete_upload(connection, LECTURE, lecture.id)
    (change,) = look(LECTURES, graph.stores, graph.instance, "[]").dynamic_partitions_requests
    graph.instance.delete_dynamic_partition("lectures", change.partition_keys[0])
    look(LECTURES, graph.stores, graph.instance, "[]")
    assert graph.stores.files.list_stored() == []
