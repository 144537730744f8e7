"""Rows of transcripts: segments readers see, and the pieces in which recognition keeps what it has done.

Readers see a transcript as a whole or not at all: pieces gather beside it, and replace it in one transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from pipelines.core.errors import StaleUpstreamError
from pipelines.core.postgres import Connection, read_record, values_of
from pipelines.core.records import Lecture, Segment, SpeechSource, Word
from pipelines.core.statements import statement
from pipelines.core.uploads import lock_upload


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What a lecture's segments are made from.

    `source` says which was read, the captions or the recording; `model` is None for captions, `language` None when it
    is not known. `speech_ms` is how long somebody speaks. `repaired` counts captions whose times or repeats were
    mended, `removed` what was dropped: sentences nobody said, captions after the recording's end.
    """

    source: SpeechSource
    source_sha256: str
    language: str | None
    model: str | None
    duration_ms: int
    speech_ms: int
    repaired: int
    removed: int
    code_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPiece:
    """One finished piece `[start_ms, end_ms)` of recognition, as `steps.transcripts.SpeechPiece` and its model."""

    start_ms: int
    end_ms: int
    language: str | None
    model: str
    speech_ms: int
    removed: int
    retried: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptProgress:
    """How far recognition has come, in milliseconds of the recording."""

    done_ms: int
    duration_ms: int


def replace_transcript(
    connection: Connection, lecture: Lecture, transcript: Transcript, segments: Sequence[Segment]
) -> None:
    """Write a lecture's segments over the old ones.

    Raises:
        SupersededError: the lecture was replaced or deleted meanwhile; nothing is written.
    """
    lock_upload(connection, lecture)
    key = {"course_id": lecture.course_id, "lecture_id": lecture.id}
    values = values_of(transcript)
    connection.execute(statement("put_transcript"), {**key, **values})
    connection.execute(statement("delete_segments"), key)
    with connection.cursor() as cursor:
        cursor.executemany(
            statement("insert_segment"),
            [
                {
                    **key,
                    "ordinal": ordinal,
                    "start_ms": segment.start_ms,
                    "end_ms": segment.end_ms,
                    "text": segment.text,
                    "words": Jsonb(_words_out(segment)),
                    "confidence": segment.confidence,
                    "speaker": segment.speaker,
                }
                for ordinal, segment in enumerate(segments)
            ],
        )


def find_transcript(connection: Connection, lecture: Lecture) -> Transcript | None:
    """What a lecture's segments are made from, of whichever upload; None before the first transcription."""
    return read_record(connection, Transcript, "get_transcript", {"lecture_id": lecture.id})


def read_transcript(connection: Connection, lecture: Lecture) -> list[Segment]:
    """A lecture's segments in order.

    Raises:
        StaleUpstreamError: there are none, or they were made from another upload: materialize `transcripts` first.
    """
    transcript = find_transcript(connection, lecture)
    if transcript is None or transcript.source_sha256 != lecture.speech_sha256:
        raise StaleUpstreamError(
            f"The transcript of {lecture.file_name} is not that of its newest upload; materialize `transcripts` first."
        )
    with connection.cursor(row_factory=dict_row) as cursor:
        key = {"course_id": lecture.course_id, "lecture_id": lecture.id}
        rows = cursor.execute(statement("list_segments"), key).fetchall()
    return [_segment(**row) for row in rows]


def list_pieces(connection: Connection, lecture_id: UUID, *, recipe: str) -> list[StoredPiece]:
    """The finished pieces made by this recipe from the recording's start on without a gap; empty when none are.

    Args:
        recipe: names everything a piece depends on: the sound, the model, the language and the code's version.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        parameters = {"lecture_id": lecture_id, "recipe": recipe}
        rows = cursor.execute(statement("list_pieces"), parameters).fetchall()
    pieces: list[StoredPiece] = []
    for row in rows:
        if row["start_ms"] != (pieces[-1].end_ms if pieces else 0):
            break
        row["segments"] = tuple(_segment(*values) for values in row["segments"])
        pieces.append(StoredPiece(**row))
    return pieces


def drop_other_pieces(connection: Connection, lecture: Lecture, *, recipe: str) -> None:
    """Remove the pieces that another recipe made; they can not be put together with this one's.

    Raises:
        SupersededError: the lecture was replaced or deleted meanwhile.
    """
    lock_upload(connection, lecture)
    connection.execute(statement("delete_other_pieces"), {"lecture_id": lecture.id, "recipe": recipe})


def put_piece(connection: Connection, lecture: Lecture, piece: StoredPiece, *, recipe: str) -> None:
    """Keep one finished piece.

    Raises:
        SupersededError: the lecture was replaced or deleted meanwhile; recognition need not go on.
    """
    lock_upload(connection, lecture)
    segments = [[s.start_ms, s.end_ms, s.text, _words_out(s), s.confidence] for s in piece.segments]
    values = values_of(piece)
    parameters = {**values, "lecture_id": lecture.id, "recipe": recipe, "segments": Jsonb(segments)}
    connection.execute(statement("put_piece"), parameters)


def transcript_progress(connection: Connection, lecture_id: UUID) -> TranscriptProgress | None:
    """How far recognition has come; None where there is no recording or it was not decoded yet."""
    return read_record(connection, TranscriptProgress, "transcript_progress", {"lecture_id": lecture_id})


def _words_out(segment: Segment) -> list[list[Any]]:
    return [[word.start_ms, word.end_ms, word.text, round(word.probability, 4)] for word in segment.words]


def _segment(
    start_ms: int,
    end_ms: int,
    text: str,
    words: list[list[Any]],
    confidence: float | None,
    *,
    speaker: str | None = None,
) -> Segment:
    spoken = tuple(
        Word(start_ms=begin, end_ms=end, text=said, probability=probability) for begin, end, said, probability in words
    )
    return Segment(start_ms=start_ms, end_ms=end_ms, text=text, words=spoken, confidence=confidence, speaker=speaker)
