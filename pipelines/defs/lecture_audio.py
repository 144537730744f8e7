"""Lecture audio: the sound of a recording, decoded once, in the form recognition reads it."""

import tempfile
import time
from pathlib import Path

import dagster as dg

from pipelines.core.errors import UnreadableFileError
from pipelines.core.lectures import LectureAudio, find_lecture_audio, put_lecture_audio
from pipelines.core.records import Lecture
from pipelines.core.stored_files import hold_files
from pipelines.core.stores import Stores
from pipelines.defs.lectures import GROUP, OWNERS, lecture_of, lectures
from pipelines.defs.links import with_recording
from pipelines.defs.parsing import media_limits
from pipelines.defs.partitions import lectures_partitions
from pipelines.defs.resources import StoresResource
from pipelines.steps.speech.findings import MOST_BAD
from pipelines.steps.speech.recordings import AUDIO_VERSION, extract_audio


@dg.asset(
    partitions_def=lectures_partitions,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"audio", "ffmpeg"},
    deps=[lectures],
    code_version=AUDIO_VERSION,
    check_specs=[dg.AssetCheckSpec("sound_is_whole", asset="lecture_audio")],
)
def lecture_audio(context: dg.AssetExecutionContext, stores: StoresResource) -> dg.MaterializeResult:
    """The sound of the recording as 16 kHz mono FLAC; nothing for captions without a recording. A link is fetched."""
    started, store = time.monotonic(), stores.open
    with lecture_of(context, store) as uploaded:
        lecture = with_recording(store, uploaded)
        known = _known(store, lecture)
        audio = known if known is not None or lecture.media_sha256 is None else _decoded(store, lecture)
    seconds = time.monotonic() - started
    bad = audio.bad_packets if audio is not None else 0
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": int(audio is not None),
            "file": lecture.file_name,
            "note": _note(lecture, audio),
            "made": int(audio is not None and known is None),
            "reused": int(known is not None),
            "seconds": round(seconds, 2),
            **({"minutes": round(audio.duration_ms / 60_000, 2)} if audio is not None else {}),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="sound_is_whole",
                passed=bad <= MOST_BAD,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"undecodable_packets": bad},
            )
        ],
    )


def _known(store: Stores, lecture: Lecture) -> LectureAudio | None:
    """The sound decoded from these very bytes by this code; None where it has to be made, or there is none."""
    with store.database.transaction() as connection:
        audio = find_lecture_audio(connection, lecture)
    if audio is None or (audio.media_sha256, audio.code_version) != (lecture.media_sha256, AUDIO_VERSION):
        return None
    return audio if store.files.has(audio.audio_sha256) else None


def _note(lecture: Lecture, audio: LectureAudio | None) -> str:
    if audio is not None:
        return "a recording"
    if lecture.media_sha256 is None:
        return "captions only: there is no sound to decode"
    return "a recording in which nothing can be heard: its captions are the transcript"


def _decoded(store: Stores, lecture: Lecture) -> LectureAudio | None:
    """The sound of the recording; None where it has none and its captions say what is said."""
    try:
        return _decode(store, lecture)
    except UnreadableFileError as error:
        if lecture.speech_source != "captions" or error.code not in ("silent", "no_audio"):
            raise
    return None


def _decode(store: Stores, lecture: Lecture) -> LectureAudio:
    assert lecture.media_sha256 is not None  # noqa: S101  the caller asked
    settings = store.settings
    with tempfile.TemporaryDirectory() as folder, store.files.local_path(lecture.media_sha256) as source:
        target = Path(folder) / "audio.flac"
        made = extract_audio(
            source,
            target,
            file_name=lecture.file_name,
            max_ms=round(settings.media_max_hours * 3_600_000),
            max_bytes=settings.media_max_mb * 10**6,
            limits=media_limits(settings),
        )
        with target.open("rb") as sound:
            stored = store.files.add(sound)
    audio = LectureAudio(
        media_sha256=lecture.media_sha256,
        audio_sha256=stored.sha256,
        duration_ms=made.duration_ms,
        bad_packets=made.bad_packets,
        code_version=AUDIO_VERSION,
    )
    with store.database.transaction() as connection:
        hold_files(connection, store.files, [audio.audio_sha256])
        put_lecture_audio(connection, lecture, audio)
    return audio
