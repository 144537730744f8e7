-- Ids of cited passages of these messages that the course no longer holds in those words.
select s.id from ai.message_sources s
where s.message_key = any(%(message_keys)s::uuid[])
  and not exists (
      select 1 from ai.slide_chunks_knowledge k
      where k.document_id = s.source_id and (k.id = s.chunk_id or k.content = s.quote)
  ) and not exists (
      select 1 from ai.lecture_chunks_knowledge k
      where k.lecture_id = s.source_id and (k.id = s.chunk_id or k.content = s.quote)
  )
