"""Lecture frames: scenes that the pictures of a recording show, found once. Nobody waits for it."""

import tempfile
import time

import dagster as dg

from pipelines.core.errors import UnreadableFileError
from pipelines.core.lectures import LectureFrames, find_lecture_frames, get_lecture, put_lecture_frames
from pipelines.core.records import PIPELINE, Lecture
from pipelines.core.stored_files import hold_files
from pipelines.core.stores import Stores
from pipelines.core.uploads import note_stage
from pipelines.defs.lecture_audio import lecture_audio
from pipelines.defs.lectures import GROUP, OWNERS, lecture_of, lectures
from pipelines.defs.parsing import video_limits
from pipelines.defs.partitions import lectures_partitions
from pipelines.defs.resources import StoresResource
from pipelines.defs.transcripts import transcripts
from pipelines.steps.video.scenes import SCENES_VERSION, Seen, see, write_scenes

MOST_BAD = 20
"""Pictures that may be undecodable before the check says so: a cut-off end leaves one or two."""


@dg.asset(
    partitions_def=lectures_partitions,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"video", "ffmpeg"},
    deps=[lectures, lecture_audio, transcripts],  # without words nothing is aligned
    code_version=SCENES_VERSION,
    op_tags={"dagster/priority": "-1"},  # nobody waits for it: make the lecture searchable first
    check_specs=[dg.AssetCheckSpec("pictures_are_whole", asset="lecture_frames")],
)
def lecture_frames(context: dg.AssetExecutionContext, stores: StoresResource) -> dg.MaterializeResult:
    """The scenes a recording shows, a small picture of each; nothing where it has no pictures, or one that stays."""
    started, store = time.monotonic(), stores.open
    with lecture_of(context, store) as lecture:
        known = _known(store, lecture)
        frames = known if known is not None or lecture.media_sha256 is None else _looked(store, lecture)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": frames.scenes if frames is not None else 0,
            "note": _note(frames),
            "made": int(frames is not None and known is None),
            "reused": int(known is not None),
            "seconds": round(time.monotonic() - started, 2),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="pictures_are_whole",
                passed=frames is None or (frames.failure is None and frames.bad_packets <= MOST_BAD),
                severity=dg.AssetCheckSeverity.WARN,
                description=frames.failure if frames is not None else None,
                metadata={"undecodable_packets": frames.bad_packets} if frames is not None else None,
            )
        ],
    )


def _known(store: Stores, lecture: Lecture) -> LectureFrames | None:
    """What these very bytes showed to this code; None where nobody has looked, or there is nothing to look at."""
    with store.database.transaction() as connection:
        frames = find_lecture_frames(connection, lecture)
    if frames is None or frames.code_version != SCENES_VERSION:
        return None
    return frames if frames.frames_sha256 is None or store.files.has(frames.frames_sha256) else None


def _note(frames: LectureFrames | None) -> str:
    if frames is None:
        return "captions only: there is nothing to look at"
    if frames.failure is not None:
        return frames.failure
    if not frames.looked_at:
        return "sound alone: it has no pictures"
    if frames.frames_sha256 is None:
        return "one picture that stays"
    return f"{frames.looked_at} pictures up to minute {frames.until_ms // 60_000}, {frames.scenes} scenes"


def _looked(store: Stores, lecture: Lecture) -> LectureFrames:
    """Look at the recording and keep what it shows. Pictures that cannot be read are no failure: speech is enough."""
    assert lecture.media_sha256 is not None  # noqa: S101  the caller asked
    settings, failure, kept, seen = store.settings, None, None, Seen()
    with store.database.transaction() as connection:
        duration_ms = get_lecture(connection, lecture.id, person=PIPELINE).duration_ms or 0

    def tell(at_ms: int) -> None:
        whole_ms = max(duration_ms, at_ms)
        told = f"{at_ms // 60_000} of {whole_ms // 60_000} minutes"
        with store.database.transaction() as connection:
            note_stage(connection, lecture, told, counted=(at_ms, whole_ms))

    try:
        with store.files.local_path(lecture.media_sha256) as source:
            seen = see(
                source,
                file_name=lecture.file_name,
                max_ms=round(settings.media_max_hours * 3_600_000),
                tell=tell,
                limits=video_limits(settings),
            )
    except UnreadableFileError as error:
        failure = f"{error.message} Which slide was up when is told from what is said alone."
    if seen.scenes:
        with tempfile.TemporaryFile() as packed:
            write_scenes(packed, seen)
            packed.seek(0)
            kept = store.files.add(packed).sha256
    frames = LectureFrames(
        media_sha256=lecture.media_sha256,
        frames_sha256=kept,
        scenes=len(seen.scenes),
        looked_at=seen.looked_at,
        until_ms=seen.until_ms,
        bad_packets=seen.bad_packets,
        failure=failure,
        code_version=SCENES_VERSION,
    )
    with store.database.transaction() as connection:
        if kept is not None:
            hold_files(connection, store.files, [kept])
        put_lecture_frames(connection, lecture, frames)
    return frames
