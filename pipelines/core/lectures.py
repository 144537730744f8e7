"""Uploaded recordings and captions: recorded, joined, replaced, read, and the sound and pictures of recordings.

What becomes of them after that is `uploads.py`; what was said in them `transcripts.py`.
"""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from psycopg.rows import class_row, dict_row

from pipelines.core.errors import NotFoundError, StaleUpstreamError, SupersededError
from pipelines.core.names import name_in_course, nfc
from pipelines.core.postgres import Connection, read_record, read_records, values_of
from pipelines.core.records import Lecture, Person, Scope
from pipelines.core.statements import statement
from pipelines.core.uploads import LECTURE, Outcome, lock_upload


@dataclass(frozen=True, slots=True, kw_only=True)
class LectureAudio:
    """The sound of a recording as 16 kHz mono FLAC in the file store. `bad_packets` could not be decoded."""

    media_sha256: str
    audio_sha256: str
    duration_ms: int
    bad_packets: int
    code_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LectureFrames:
    """What a recording shows. `frames_sha256` names a file of `scenes` scenes; None: nothing that changes is shown.

    `looked_at` pictures were decoded, up to `until_ms`; `bad_packets` could not be. `failure` says why there are none.
    """

    media_sha256: str
    frames_sha256: str | None
    scenes: int
    looked_at: int
    until_ms: int
    bad_packets: int
    failure: str | None
    code_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LectureCounts:
    """What readers will see of one lecture, counted back from the tables (statement `lecture_counts`)."""

    segments: int
    speech_ms: int
    bad_times: int
    chunks: int
    uncovered_segments: int
    vectors: int
    bad_vectors: int
    orphan_vectors: int
    terms: int
    stale_transcript: int
    stale_chunks: int
    spans: int
    slide_spans: int

    @property
    def searchable(self) -> bool:
        """All speech is found by a chunk of this upload that has its vector and its terms."""
        return (
            self.segments > 0
            and self.uncovered_segments == self.bad_times == 0
            and self.stale_transcript == self.stale_chunks == 0
            and self.chunks == self.vectors == self.terms
            and self.bad_vectors == self.orphan_vectors == 0
        )


def put_lecture(
    connection: Connection,
    *,
    course_id: UUID,
    title: str,
    file_name: str,
    source_name: str,
    byte_count: int,
    media_sha256: str | None = None,
    captions_sha256: str | None = None,
    captions_name: str | None = None,
    language: str | None = None,
    prefer_speech: bool | None = None,
    owner_id: UUID | None = None,
    published: bool | None = None,
    origin: str | None = None,
    replace: bool = False,
) -> tuple[Lecture, Outcome]:
    """Record a recording, captions, or both, whose bytes are in the file store.

    The same `source_name` is the same lecture: what is given replaces what was there, what is None stays, and a change
    is a new generation. Captions and a recording whose names differ in the ending only join into one lecture. The
    same recording (or, without one, the same captions) under another name answers the lecture that has it, as
    `duplicate`.

    Args:
        file_name: the recording's name, or the captions' where they come alone.
        prefer_speech: recognise speech although captions were given; None keeps what was said before (at first: no).
        owner_id, published, origin, replace: as for `put_document`.

    Raises:
        NotFoundError: there is no such course.
    """
    source_name, origin = nfc(source_name), nfc(origin) if origin is not None else None
    content = {"media_sha256": media_sha256, "captions_sha256": captions_sha256}
    key = {"course_id": course_id, "owner_id": owner_id, "source_name": source_name, **content}
    same = _one(connection, "find_lecture_by_content", **key)
    if same is not None and (origin is None or same.origin != origin):
        return same, "duplicate"
    key["source_name"] = name_in_course(
        connection, LECTURE, course_id=course_id, owner_id=owner_id, source_name=source_name, origin=origin,
        replace=replace, contents=[sha256 for sha256 in content.values() if sha256 is not None],
    )  # fmt: skip
    parameters = {
        **key,
        "origin": origin,
        "title": nfc(title),
        "file_name": nfc(file_name),
        "captions_name": nfc(captions_name) if captions_name is not None else None,
        "byte_count": byte_count,
        "language": language,
        "prefer_speech": prefer_speech,
        "published": published if published is not None else owner_id is None,
    }
    with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(statement("put_lecture"), parameters).fetchone()
    if row is None:
        raise NotFoundError("There is no such course.")
    outcome: Outcome = row.pop("outcome")
    return Lecture(**row), outcome


def get_lecture(connection: Connection, lecture_id: UUID, *, person: Person) -> Lecture:
    """One lecture that is not deleted and that the person sees.

    Raises:
        SupersededError: it was deleted, or never was there for them.
    """
    lecture = _one(connection, "get_lecture", lecture_id=lecture_id, person_id=person.id)
    if lecture is None:
        raise SupersededError("The lecture was deleted.")
    return lecture


def list_lectures(connection: Connection, scope: Scope) -> list[Lecture]:
    """Every lecture of the scope's course that its person sees, by name."""
    parameters = {"course_id": scope.course_id, "person_id": scope.person.id}
    return read_records(connection, Lecture, "list_lectures", parameters)


def find_lecture(connection: Connection, scope: Scope, name: str) -> Lecture:
    """The lecture of the scope that `name` means: its id, its name in the course, its file's, or that without ending.

    Raises:
        NotFoundError: there is none, or there are several.
    """
    found: list[Lecture] = []
    lectures = list_lectures(connection, scope)
    for names_of in (_exact_names, _short_names):
        found = found or [lecture for lecture in lectures if name in names_of(lecture)]
    if len(found) != 1:
        several = ": " + ", ".join(lecture.source_name for lecture in found) if found else ""
        count = f"{len(found)} lectures" if found else "no lecture"
        raise NotFoundError(f"The course has {count} named {name}{several}.")
    return found[0]


def put_lecture_audio(connection: Connection, lecture: Lecture, audio: LectureAudio) -> None:
    """Name the decoded sound of a lecture over an older one; its length becomes the lecture's.

    Raises:
        SupersededError: the lecture was replaced or deleted meanwhile.
    """
    lock_upload(connection, lecture)
    values = values_of(audio)
    connection.execute(statement("put_lecture_audio"), {"lecture_id": lecture.id, **values})


def find_lecture_audio(connection: Connection, lecture: Lecture) -> LectureAudio | None:
    """The decoded sound of a lecture, of whichever upload it was made; None where there is none yet."""
    return read_record(connection, LectureAudio, "get_lecture_audio", {"lecture_id": lecture.id})


def read_lecture_audio(connection: Connection, lecture: Lecture) -> LectureAudio:
    """The decoded sound of a lecture's newest upload.

    Raises:
        StaleUpstreamError: there is none, or it was made from another upload: materialize `lecture_audio` first.
    """
    audio = find_lecture_audio(connection, lecture)
    if audio is None or audio.media_sha256 != lecture.media_sha256:
        raise StaleUpstreamError(
            f"The sound of {lecture.file_name} is not that of its newest upload; materialize `lecture_audio` first."
        )
    return audio


def put_lecture_frames(connection: Connection, lecture: Lecture, frames: LectureFrames) -> None:
    """Write what a lecture's recording shows over what was there.

    Raises:
        SupersededError: the lecture was replaced or deleted meanwhile.
    """
    lock_upload(connection, lecture)
    values = values_of(frames)
    connection.execute(statement("put_lecture_frames"), {"lecture_id": lecture.id, **values})


def find_lecture_frames(connection: Connection, lecture: Lecture) -> LectureFrames | None:
    """What the recording of a lecture's newest upload shows; None where nobody has looked, or it has no recording."""
    frames = read_record(connection, LectureFrames, "get_lecture_frames", {"lecture_id": lecture.id})
    return frames if frames is not None and frames.media_sha256 == lecture.media_sha256 else None


def count_lecture(connection: Connection, lecture: Lecture) -> LectureCounts:
    """Counts of what readers will see of this lecture."""
    parameters = {"lecture_id": lecture.id, "speech_sha256": lecture.speech_sha256}
    with connection.cursor(row_factory=class_row(LectureCounts)) as cursor:
        return cursor.execute(statement("lecture_counts"), parameters).fetchall()[0]


def _exact_names(lecture: Lecture) -> set[str]:
    return {str(lecture.id), lecture.source_name}


def _short_names(lecture: Lecture) -> set[str]:
    files = {lecture.file_name, lecture.captions_name or lecture.file_name}
    return files | {PurePosixPath(file).stem for file in files}


def _one(connection: Connection, name: str, **parameters: Any) -> Lecture | None:
    return read_record(connection, Lecture, name, parameters)
