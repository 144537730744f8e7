-- Propose a deck for the lectures of its course that sound like it, were aligned without it and have no deck that a person
-- gave. Similarity as in list_similar_documents. Rows touched: the lectures.
insert into lecture_documents (lecture_id, document_id, given, similarity)
select lecture_id, %(document_id)s::uuid, false, avg(nearest)
from (
    select s.source_id as lecture_id, s.chunk_id, max(-(s.embedding <#> d.embedding)) as nearest
    from ai.chunk_embeddings s
    join ai.chunk_embeddings d on d.set_id = s.set_id and d.course_id = s.course_id and d.source_id = %(document_id)s::uuid
    where s.set_id = (select id from ai.embedding_sets where live)
      and s.course_id = %(course_id)s::uuid and s.kind = 'speech'
      and s.source_id in (
          select lecture_id from lecture_alignments where not %(sha256)s::text = any(deck_sha256s)
          except
          select lecture_id from lecture_documents where given
      )
    group by s.source_id, s.chunk_id
) as compared
group by lecture_id
having avg(nearest) >= %(least)s::float8
on conflict (lecture_id, document_id) do update set similarity = excluded.similarity
