-- What a lecture's segments are made from: source, source_sha256, language, model, duration_ms, speech_ms, repaired,
-- removed, code_version. No row: nothing was transcribed yet.
select source, source_sha256, language, model, duration_ms, speech_ms, repaired, removed, code_version
from transcripts where lecture_id = %(lecture_id)s::uuid
