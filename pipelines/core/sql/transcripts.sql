-- name: delete_other_pieces
-- Drop the pieces of a lecture that were made another way. Nothing comes out.
delete from transcript_pieces where lecture_id = %(lecture_id)s::uuid and recipe <> %(recipe)s::text

-- name: delete_segments
-- Drop a lecture's segments before the new ones are written. Nothing comes out.
delete from transcript_segments where course_id = %(course_id)s::uuid and lecture_id = %(lecture_id)s::uuid

-- name: get_transcript
-- What a lecture's segments are made from: source, source_sha256, language, model, duration_ms, speech_ms, repaired,
-- removed, code_version. No row: nothing was transcribed yet.
select source, source_sha256, language, model, duration_ms, speech_ms, repaired, removed, code_version
from transcripts where lecture_id = %(lecture_id)s::uuid

-- name: insert_segment
-- Write one segment of a transcript. Nothing comes out.
insert into transcript_segments (course_id, lecture_id, ordinal, start_ms, end_ms, text, words, confidence, speaker)
values (%(course_id)s::uuid, %(lecture_id)s::uuid, %(ordinal)s::integer, %(start_ms)s::integer, %(end_ms)s::integer,
        %(text)s::text, %(words)s::jsonb, %(confidence)s::double precision, %(speaker)s::text)

-- name: list_pieces
-- The finished pieces of a lecture's recognition in order: start_ms, end_ms, language, model, speech_ms, removed,
-- retried, segments.
select start_ms, end_ms, language, model, speech_ms, removed, retried, segments
from transcript_pieces where lecture_id = %(lecture_id)s::uuid and recipe = %(recipe)s::text
order by start_ms

-- name: list_segments
-- A lecture's segments in order: start_ms, end_ms, text, words, confidence, speaker.
select start_ms, end_ms, text, words, confidence, speaker
from transcript_segments where course_id = %(course_id)s::uuid and lecture_id = %(lecture_id)s::uuid
order by ordinal

-- name: put_piece
-- Keep one finished piece of speech recognition. Nothing comes out.
insert into transcript_pieces
    (lecture_id, recipe, start_ms, end_ms, language, model, speech_ms, removed, retried, segments)
values (%(lecture_id)s::uuid, %(recipe)s::text, %(start_ms)s::integer, %(end_ms)s::integer, %(language)s::text,
        %(model)s::text, %(speech_ms)s::integer, %(removed)s::integer, %(retried)s::integer, %(segments)s::jsonb)
on conflict (lecture_id, start_ms) do update set
    recipe = excluded.recipe, end_ms = excluded.end_ms, language = excluded.language, model = excluded.model,
    speech_ms = excluded.speech_ms, removed = excluded.removed, retried = excluded.retried,
    segments = excluded.segments, made_at = now()

-- name: put_transcript
-- Say what a lecture's segments are made from, and its length where no recording says it. Nothing comes out.
with measured as (
    update lectures set duration_ms = %(duration_ms)s::integer where id = %(lecture_id)s::uuid
)
insert into transcripts
    (lecture_id, course_id, source, source_sha256, language, model, duration_ms, speech_ms, repaired, removed,
     code_version)
values (%(lecture_id)s::uuid, %(course_id)s::uuid, %(source)s::text, %(source_sha256)s::text, %(language)s::text,
        %(model)s::text, %(duration_ms)s::integer, %(speech_ms)s::integer, %(repaired)s::integer,
        %(removed)s::integer, %(code_version)s::text)
on conflict (lecture_id) do update set
    source = excluded.source, source_sha256 = excluded.source_sha256, language = excluded.language,
    model = excluded.model, duration_ms = excluded.duration_ms, speech_ms = excluded.speech_ms,
    repaired = excluded.repaired, removed = excluded.removed, code_version = excluded.code_version,
    made_at = now()

-- name: transcript_progress
-- How far the recognition of a recording has come: done_ms, duration_ms. No row: it was not decoded yet.
select done_ms, duration_ms from transcript_progress where lecture_id = %(lecture_id)s::uuid
