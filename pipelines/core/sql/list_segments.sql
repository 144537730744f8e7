-- A lecture's segments in order: start_ms, end_ms, text, words, confidence.
select start_ms, end_ms, text, words, confidence
from transcript_segments where course_id = %(course_id)s::uuid and lecture_id = %(lecture_id)s::uuid
order by ordinal
