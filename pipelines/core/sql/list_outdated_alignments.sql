-- Lectures aligned before a deck of theirs became searchable, or was replaced: lecture_id, key (of the uploads that were
-- not compared, to ask for the work once). Their decks are those a person linked, without any those proposed.
select k.lecture_id, md5(string_agg(d.sha256, ',' order by d.sha256)) as key
from lecture_documents k
join lecture_alignments a on a.lecture_id = k.lecture_id
join lectures l on l.id = k.lecture_id and l.deleted_at is null and l.requested_generation = l.generation
join documents d on d.id = k.document_id and d.deleted_at is null and d.failed_generation is distinct from d.generation
where not d.sha256 = any(a.deck_sha256s)
  and (k.given or not exists (select 1 from lecture_documents o where o.lecture_id = k.lecture_id and o.given))
  and exists (
      select 1 from ai.slide_chunks_knowledge c
      join ai.chunk_embeddings e on e.course_id = c.course_id and e.chunk_id = c.id
      where c.course_id = d.course_id and c.document_id = d.id and c.source_sha256 = d.sha256
  )
group by k.lecture_id
limit %(limit)s::integer
