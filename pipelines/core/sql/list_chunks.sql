-- The chunks of one document or lecture in order, as `Chunk` records have them.
select id, course_id, kind, source_id, ordinal, title, context, content, token_count, page, pages, page_label,
       start_ms, end_ms
from ai.chunks where source_id = %(source_id)s::uuid
order by ordinal
