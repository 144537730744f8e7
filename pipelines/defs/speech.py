"""Speech of a lecture as an asset gets it: read from its captions, or recognised from its recording piece by piece."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import dagster as dg

from pipelines.core.control_characters import escape_controls
from pipelines.core.courses import get_course
from pipelines.core.errors import SettingsError, UnreadableFileError
from pipelines.core.lectures import LectureAudio, find_lecture_audio, read_lecture_audio
from pipelines.core.records import Finding, Lecture, Segment
from pipelines.core.settings import Settings
from pipelines.core.transcripts import StoredPiece, Transcript, drop_other_pieces, list_pieces, put_piece
from pipelines.core.uploads import note_stage
from pipelines.defs.parsing import captions_limits
from pipelines.defs.resources import StoresResource
from pipelines.steps.captions.reading import read_captions
from pipelines.steps.captions.records import CAPTIONS_VERSION
from pipelines.steps.languages import guess_language
from pipelines.steps.speech.findings import caption_findings, recording_findings
from pipelines.steps.speech.recordings import read_audio
from pipelines.steps.speech.transcripts import SPEECH_VERSION, SpeechPiece, transcribe

LISTEN_MS = 120_000
"""How much of a recording is listened to, to compare its language with that of its captions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A transcript ready to be written. `findings` empty: all was read. `figures` are what the run shows of it."""

    transcript: Transcript
    segments: Sequence[Segment]
    findings: Sequence[Finding] = ()
    figures: dict[str, Any] = field(default_factory=dict)


def from_captions(context: dg.AssetExecutionContext, stores: StoresResource, lecture: Lecture) -> Heard:
    """The captions, made clean; those after the recording's end are dropped.

    Raises:
        UnreadableFileError: no captions can be read, or most of them stand after the end of the recording.
    """
    store, name = stores.open, lecture.captions_name or lecture.file_name
    with store.database.transaction() as connection:
        audio = find_lecture_audio(connection, lecture) if lecture.media_sha256 is not None else None
        course = get_course(connection, lecture.course_id)
    with store.files.local_path(lecture.speech_sha256) as path:
        read = read_captions(path, file_name=name, limits=captions_limits(store.settings))
    if audio is not None and audio.media_sha256 != lecture.media_sha256:
        audio = None  # of an earlier recording: nothing can be heard in this one
    duration_ms = audio.duration_ms if audio is not None else None
    segments = inside(read.segments, duration_ms, file_name=name)
    written = guess_language(" ".join(segment.text for segment in segments))
    spoken = spoken_language(stores, audio) if audio is not None and written is not None else None
    left_out = len(read.segments) - len(segments)
    if read.repairs.total:
        context.log.info(f"{escape_controls(name)} was repaired: {_named(asdict(read.repairs))}.")
    end_ms = max(segment.end_ms for segment in segments)
    return Heard(
        transcript=Transcript(
            source="captions",
            source_sha256=lecture.speech_sha256,
            language=lecture.language or written or course.language,
            model=None,
            duration_ms=end_ms if duration_ms is None else duration_ms,
            speech_ms=sum(segment.end_ms - segment.start_ms for segment in segments),
            repaired=read.repairs.total,
            removed=left_out,
            code_version=CAPTIONS_VERSION,
        ),
        segments=segments,
        findings=caption_findings(
            name,
            written=written,
            spoken=spoken,
            left_out=left_out,
            unheard=lecture.media_sha256 is not None and audio is None,
        ),
        figures={"made": len(segments), "reused": 0, "encoding": read.encoding},
    )


def spoken_language(stores: StoresResource, audio: LectureAudio) -> str | None:
    """The language of a recording; None when it is not clear, or no speech model is there to say it."""
    try:
        model = stores.speech_model
    except SettingsError:
        return None  # captions need no model
    with stores.open.files.local_path(audio.audio_sha256) as path:
        return model.language_of(read_audio(path, start_ms=0, end_ms=min(audio.duration_ms, LISTEN_MS)))


def inside(segments: Sequence[Segment], duration_ms: int | None, *, file_name: str) -> list[Segment]:
    """The captions inside a recording of this length, the last one clipped; all of them where there is no recording.

    Raises:
        UnreadableFileError: most of them come after the recording's end, so they are another recording's.
    """
    if duration_ms is None:
        return list(segments)
    kept = [segment for segment in segments if segment.start_ms < duration_ms]
    if 2 * len(kept) < len(segments):
        raise UnreadableFileError(
            f"{file_name} goes on long after the recording has ended: it seems to belong to another one. "
            "Upload the captions that belong to it.",
            code="captions_mismatch",
        )
    return [_ending(segment, duration_ms) for segment in kept]


def from_recording(context: dg.AssetExecutionContext, stores: StoresResource, lecture: Lecture) -> Heard:
    """Recognised speech. Every piece is stored before the next begins, so a run that died goes on where it was.

    Raises:
        UnreadableFileError: nobody speaks in it (`silent`).
        SettingsError: there is no speech model.
    """
    store, started = stores.open, time.monotonic()
    with store.database.transaction() as connection:
        audio = read_lecture_audio(connection, lecture)
        language = lecture.language or get_course(connection, lecture.course_id).language
        recipe = recipe_of(audio, store.settings, language)
        drop_other_pieces(connection, lecture, recipe=recipe)
        pieces = list_pieces(connection, lecture.id, recipe=recipe)
    reused = len(pieces)
    reused_ms = pieces[-1].end_ms if pieces else 0
    if reused_ms < audio.duration_ms:
        pieces += _recognise(context, stores, lecture, audio, recipe=recipe, language=language, done=pieces)
    segments = [segment for piece in pieces for segment in piece.segments]
    if not segments:
        raise UnreadableFileError(
            f"Nobody speaks in {lecture.file_name}: no words were recognised in it, only silence, music or noise. "
            "If it has captions, upload them with it.",
            code="silent",
        )
    seconds, made_ms = time.monotonic() - started, audio.duration_ms - reused_ms
    return Heard(
        transcript=Transcript(
            source="speech",
            source_sha256=lecture.speech_sha256,
            language=pieces[-1].language,
            model=pieces[-1].model,
            duration_ms=audio.duration_ms,
            speech_ms=sum(piece.speech_ms for piece in pieces),
            repaired=sum(piece.retried for piece in pieces),
            removed=sum(piece.removed for piece in pieces),
            code_version=SPEECH_VERSION,
        ),
        segments=segments,
        findings=recording_findings(pieces, bad_packets=audio.bad_packets),
        figures={
            "made": len(pieces) - reused,
            "reused": reused,
            **({"real_time_factor": round(seconds * 1000 / made_ms, 3)} if made_ms > 0 else {}),
        },
    )


def recipe_of(audio: LectureAudio, settings: Settings, language: str | None) -> str:
    """Everything a piece of recognised speech depends on, as one text."""
    model = (settings.whisper_model, settings.whisper_device, settings.whisper_compute_type)
    return "\n".join((audio.audio_sha256, *model, language or "", SPEECH_VERSION))


def _recognise(
    context: dg.AssetExecutionContext,
    stores: StoresResource,
    lecture: Lecture,
    audio: LectureAudio,
    *,
    recipe: str,
    language: str | None,
    done: Sequence[StoredPiece],
) -> list[StoredPiece]:
    store, made = stores.open, list[StoredPiece]()
    model = stores.speech_model
    with store.files.local_path(audio.audio_sha256) as path:
        for piece in transcribe(
            path,
            duration_ms=audio.duration_ms,
            model=model,
            start_ms=done[-1].end_ms if done else 0,
            language=(done[-1].language if done else None) or language,
        ):
            made.append(_stored(piece, model.name))
            told = _report(context, made[-1], audio.duration_ms)
            with store.database.transaction() as connection:
                put_piece(connection, lecture, made[-1], recipe=recipe)
                note_stage(connection, lecture, told, counted=(made[-1].end_ms, audio.duration_ms))
    return made


def _stored(piece: SpeechPiece, model: str) -> StoredPiece:
    return StoredPiece(model=model, **{name: getattr(piece, name) for name in SpeechPiece.__slots__})


def _report(context: dg.AssetExecutionContext, piece: StoredPiece, duration_ms: int) -> str:
    """Progress that the run and the asset's page show; the sentence, for those who read the upload's stages."""
    done, total = piece.end_ms / 60_000, duration_ms / 60_000
    told = f"{done:.0f} of {total:.0f} minutes" if total >= 1 else "less than a minute"
    context.log_event(
        dg.AssetObservation(
            asset_key=context.asset_key,
            partition=context.partition_key,
            description=told,
            metadata={"done_ms": piece.end_ms, "duration_ms": duration_ms},
        )
    )
    return told


def _ending(segment: Segment, duration_ms: int) -> Segment:
    return (
        segment
        if segment.end_ms <= duration_ms
        else Segment(start_ms=segment.start_ms, end_ms=duration_ms, text=segment.text)
    )


def _named(repairs: dict[str, int]) -> str:
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in repairs.items() if count)
