-- How alike a lecture's speech and each deck of its course are: document_id, similarity, the most alike first.
-- similarity: of every stretch of speech the cosine to the deck's nearest chunk, on average over the lecture.
select document_id, avg(nearest) as similarity
from (
    select d.source_id as document_id, s.chunk_id, max(-(s.embedding <#> d.embedding)) as nearest
    from ai.chunk_embeddings s
    join ai.chunk_embeddings d on d.set_id = s.set_id and d.course_id = s.course_id and d.kind = 'slide'
    where s.set_id = (select id from ai.embedding_sets where live)
      and s.course_id = %(course_id)s::uuid and s.source_id = %(lecture_id)s::uuid
    group by d.source_id, s.chunk_id
) as compared
group by document_id
order by similarity desc
limit 10
