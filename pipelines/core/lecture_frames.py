"""Rows of what recordings show: the file of each one's scenes, and how much of it was looked at."""

from dataclasses import dataclass

from pipelines.core.postgres import Connection, read_record
from pipelines.core.records import Lecture
from pipelines.core.statements import statement
from pipelines.core.uploads import lock_upload


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


def put_lecture_frames(connection: Connection, lecture: Lecture, frames: LectureFrames) -> None:
    """Write what a lecture's recording shows over what was there.

    Raises:
        SupersededError: the lecture was replaced or deleted meanwhile.
    """
    lock_upload(connection, lecture)
    values = {name: getattr(frames, name) for name in LectureFrames.__slots__}
    connection.execute(statement("put_lecture_frames"), {"lecture_id": lecture.id, **values})


def find_lecture_frames(connection: Connection, lecture: Lecture) -> LectureFrames | None:
    """What the recording of a lecture's newest upload shows; None where nobody has looked, or it has no recording."""
    frames = read_record(connection, LectureFrames, "get_lecture_frames", {"lecture_id": lecture.id})
    return frames if frames is not None and frames.media_sha256 == lecture.media_sha256 else None
