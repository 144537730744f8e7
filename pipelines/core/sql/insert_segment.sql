-- Write one segment of a transcript. Nothing comes out.
insert into transcript_segments (course_id, lecture_id, ordinal, start_ms, end_ms, text, words, confidence)
values (%(course_id)s::uuid, %(lecture_id)s::uuid, %(ordinal)s::integer, %(start_ms)s::integer, %(end_ms)s::integer,
        %(text)s::text, %(words)s::jsonb, %(confidence)s::double precision)
