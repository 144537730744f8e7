-- Write one chunk of a lecture over the one of the same id, whose embedded text is the same. Nothing comes out.
insert into ai.lecture_chunks_knowledge
    (course_id, id, lecture_id, ordinal, title, context, content, token_count, start_ms, end_ms, chunker_version,
     source_sha256)
values (%(course_id)s::uuid, %(id)s::uuid, %(lecture_id)s::uuid, %(ordinal)s::integer, %(title)s::text,
        %(context)s::text, %(content)s::text, %(token_count)s::integer, %(start_ms)s::integer, %(end_ms)s::integer,
        %(chunker_version)s::text, %(source_sha256)s::text)
on conflict (course_id, id) do update set
    ordinal = excluded.ordinal, title = excluded.title, context = excluded.context, content = excluded.content,
    token_count = excluded.token_count, start_ms = excluded.start_ms, end_ms = excluded.end_ms,
    chunker_version = excluded.chunker_version, source_sha256 = excluded.source_sha256
