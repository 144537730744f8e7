-- Write one chunk of a deck over the one of the same id, whose embedded text is the same. Nothing comes out.
insert into ai.slide_chunks_knowledge
    (course_id, id, document_id, ordinal, title, context, content, token_count, page, pages, page_label,
     chunker_version, source_sha256)
values (%(course_id)s::uuid, %(id)s::uuid, %(document_id)s::uuid, %(ordinal)s::integer, %(title)s::text,
        %(context)s::text, %(content)s::text, %(token_count)s::integer, %(page)s::integer, %(pages)s::integer[],
        %(page_label)s::text, %(chunker_version)s::text, %(source_sha256)s::text)
on conflict (course_id, id) do update set
    ordinal = excluded.ordinal, title = excluded.title, context = excluded.context, content = excluded.content,
    token_count = excluded.token_count, page = excluded.page, pages = excluded.pages,
    page_label = excluded.page_label, chunker_version = excluded.chunker_version,
    source_sha256 = excluded.source_sha256
