-- One cited passage of this person's chats: id, course_id, handle, chunk_id, kind, source_id, title, file_name, page,
-- page_label, start_ms, end_ms, document_id, lecture_id, quote, changed. No row: not there, or not his, or he left the course.
select s.id, s.course_id, s.handle, s.chunk_id, s.kind, s.source_id, s.title, s.file_name, s.page, s.page_label,
       s.start_ms, s.end_ms, s.document_id, s.lecture_id, s.quote,
       not exists (
      select 1 from ai.slide_chunks_knowledge k
      where k.document_id = s.source_id and (k.id = s.chunk_id or k.content = s.quote)
  ) and not exists (
      select 1 from ai.lecture_chunks_knowledge k
      where k.lecture_id = s.source_id and (k.id = s.chunk_id or k.content = s.quote)
  ) as changed
from ai.message_sources s
join chat_messages m on m.key = s.message_key
join chat_sessions c on c.id = m.session_id
join user_courses u on u.course_id = s.course_id and u.user_id = c.user_id
where s.id = %(source_id)s::uuid and c.user_id = %(user_id)s::uuid
