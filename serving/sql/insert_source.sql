-- Keep one cited passage as it was. Rows touched: 1, or 0 when the message was deleted.
insert into ai.message_sources (id, message_key, course_id, handle, chunk_id, kind, source_id, title, file_name, page,
                                page_label, start_ms, end_ms, document_id, lecture_id, quote)
select %(id)s::uuid, m.key, %(course_id)s::uuid, %(handle)s::integer, %(chunk_id)s::uuid, %(kind)s::text,
       %(source_id)s::uuid, %(title)s::text, %(file_name)s::text, %(page)s::integer, %(page_label)s::text,
       %(start_ms)s::integer, %(end_ms)s::integer, %(document_id)s::uuid, %(lecture_id)s::uuid, %(quote)s::text
from chat_messages m where m.key = %(message_key)s::uuid
