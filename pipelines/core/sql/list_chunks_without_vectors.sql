-- The chunks of one document or lecture that an embedding set has no vector for, in order, as `Chunk` records.
select id, course_id, kind, source_id, ordinal, title, context, content, token_count, page, pages, page_label,
       start_ms, end_ms
from ai.chunks as c
where source_id = %(source_id)s::uuid and not exists (
    select 1 from ai.chunk_embeddings as e
    where e.set_id = %(set_id)s::integer and e.course_id = c.course_id and e.chunk_id = c.id
)
order by ordinal
