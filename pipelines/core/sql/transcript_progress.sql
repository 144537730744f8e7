-- How far the recognition of a recording has come: done_ms, duration_ms. No row: it was not decoded yet.
select done_ms, duration_ms from transcript_progress where lecture_id = %(lecture_id)s::uuid
