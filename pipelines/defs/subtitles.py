"""Speech of a lecture from the subtitles inside its recording, where they hold all that is said."""

import dagster as dg

from pipelines.core.control_characters import escape_controls
from pipelines.core.lectures import read_lecture_audio
from pipelines.core.records import Lecture
from pipelines.core.transcripts import Transcript
from pipelines.defs.parsing import subtitles_limits
from pipelines.defs.resources import StoresResource
from pipelines.defs.speech import Heard, inside, spoken_language
from pipelines.steps.captions.records import CAPTIONS_VERSION
from pipelines.steps.languages import guess_language
from pipelines.steps.speech.subtitles import covers, read_subtitles


def from_subtitles(context: dg.AssetExecutionContext, stores: StoresResource, lecture: Lecture) -> Heard | None:
    """The subtitles in the recording, in the language spoken where that is known; None: there are none to be used, or
    a person prefers recognised speech."""
    if lecture.prefer_speech or lecture.media_sha256 is None:
        return None
    store = stores.open
    with store.database.transaction() as connection:
        audio = read_lecture_audio(connection, lecture)
    with store.files.local_path(lecture.media_sha256) as path:
        tracks = read_subtitles(path, file_name=lecture.file_name, limits=subtitles_limits(store.settings))
    whole = [track.segments for track in tracks if covers(track.segments, audio.duration_ms)]
    written = [guess_language(" ".join(segment.text for segment in segments)) for segments in whole]
    spoken = lecture.language or (spoken_language(stores, audio) if any(written) else None)
    # Where one of both languages is not known, nothing speaks against the track that players show.
    fitting = [at for at, language in enumerate(written) if spoken is None or language in (spoken, None)]
    if not fitting:
        return None
    best = min(fitting, key=lambda at: written[at] is None or written[at] != spoken)
    segments = inside(whole[best], audio.duration_ms, file_name=lecture.file_name)
    context.log.info(f"{escape_controls(lecture.file_name)} has subtitles, which are its transcript.")
    return Heard(
        transcript=Transcript(
            source="captions",
            source_sha256=lecture.speech_sha256,
            language=lecture.language or written[best] or spoken,
            model=None,
            duration_ms=audio.duration_ms,
            speech_ms=sum(segment.end_ms - segment.start_ms for segment in segments),
            repaired=0,
            removed=len(whole[best]) - len(segments),
            code_version=CAPTIONS_VERSION,
        ),
        segments=segments,
        figures={"made": len(segments), "reused": 0, "subtitles": "inside the recording"},
    )
