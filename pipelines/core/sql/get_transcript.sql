-- What a lecture's segments are made from: source, source_sha256, language, model, duration_ms, speech_ms, repaired,
-- removed, code_version, warning (null: none). No row: nothing was transcribed yet.
select source, source_sha256, language, model, duration_ms, speech_ms, repaired, removed, code_version, warning
from transcripts where lecture_id = %(lecture_id)s::uuid
