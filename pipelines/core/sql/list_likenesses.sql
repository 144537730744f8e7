-- How alike the speech of lectures and the decks of their course are: lecture_id, document_id, similarity, the most alike
-- first. No `document_ids` mean all of the course.
-- similarity: of every stretch of speech the cosine to the deck's nearest chunk, on average over the lecture.
select lecture_id, document_id, avg(nearest) as similarity
from (
    select s.source_id as lecture_id, d.source_id as document_id, s.chunk_id, max(-(s.embedding <#> d.embedding)) as nearest
    from ai.chunk_embeddings s
    join ai.chunk_embeddings d on d.set_id = s.set_id and d.course_id = s.course_id and d.kind = 'slide'
    where s.set_id = (select id from ai.embedding_sets where live)
      and s.course_id = %(course_id)s::uuid and s.kind = 'speech'
      and s.source_id = any(%(lecture_ids)s::uuid[])
      and (%(document_ids)s::uuid[] = '{}' or d.source_id = any(%(document_ids)s::uuid[]))
    group by s.source_id, d.source_id, s.chunk_id
) as compared
group by lecture_id, document_id
order by similarity desc
