-- The finished pieces of a lecture's recognition in order: start_ms, end_ms, language, model, speech_ms, removed,
-- retried, segments.
select start_ms, end_ms, language, model, speech_ms, removed, retried, segments
from transcript_pieces where lecture_id = %(lecture_id)s::uuid and recipe = %(recipe)s::text
order by start_ms
