-- What readers will see of one lecture, counted back from the tables. One row: segments, speech_ms (their lengths
-- together), bad_times (segments that overlap the one before or end after the lecture), chunks, uncovered_segments
-- (that no chunk stands for), vectors, bad_vectors (not of length 1 within 0.01), orphan_vectors, terms,
-- stale_transcript, stale_chunks (made from another upload), spans, slide_spans (those with a slide).
with l as (
    select id, course_id, duration_ms from lectures where id = %(lecture_id)s::uuid and deleted_at is null
),
s as (
    select g.start_ms, g.end_ms, lag(g.end_ms) over (order by g.ordinal) as before_ms
    from transcript_segments g join l on g.lecture_id = l.id and g.course_id = l.course_id
),
c as (
    select k.id, k.start_ms, k.end_ms, k.source_sha256
    from ai.lecture_chunks_knowledge k join l on k.lecture_id = l.id and k.course_id = l.course_id
),
live as (select id from ai.embedding_sets where live),
v as (
    select e.chunk_id, e.embedding from ai.chunk_embeddings e
    join l on e.source_id = l.id and e.course_id = l.course_id
    where e.set_id = (select id from live)
),
covered as (select range_agg(int4range(start_ms, end_ms)) as times from c),
p as (select a.page from lecture_slides a join l on a.lecture_id = l.id and a.course_id = l.course_id)
select (select count(*) from s) as segments,
       (select coalesce(sum(end_ms - start_ms), 0) from s) as speech_ms,
       (select count(*) from s, l where s.start_ms < s.before_ms or s.end_ms > l.duration_ms) as bad_times,
       (select count(*) from c) as chunks,
       (select count(*) from s, covered
        where not coalesce(int4range(s.start_ms, s.end_ms) && covered.times, false)) as uncovered_segments,
       (select count(*) from v where chunk_id in (select id from c)) as vectors,
       (select count(*) from v where abs(l2_norm(embedding) - 1) > 0.01) as bad_vectors,
       (select count(*) from v where chunk_id not in (select id from c)) as orphan_vectors,
       (select count(*) from ai.chunk_terms k join l on k.source_id = l.id and k.course_id = l.course_id) as terms,
       (select count(*) from transcripts t join l on t.lecture_id = l.id
        where t.source_sha256 <> %(speech_sha256)s::text) as stale_transcript,
       (select count(*) from c where source_sha256 <> %(speech_sha256)s::text) as stale_chunks,
       (select count(*) from p) as spans,
       (select count(*) from p where page is not null) as slide_spans
