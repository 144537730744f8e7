-- Remove these chunks of one source and their vectors in every set. Nothing comes out; terms are replaced apart.
with vectors as (
    delete from ai.chunk_embeddings
    where course_id = %(course_id)s::uuid and source_id = %(source_id)s::uuid and chunk_id = any(%(chunk_ids)s::uuid[])
),
slides as (
    delete from ai.slide_chunks_knowledge where course_id = %(course_id)s::uuid and id = any(%(chunk_ids)s::uuid[])
)
delete from ai.lecture_chunks_knowledge where course_id = %(course_id)s::uuid and id = any(%(chunk_ids)s::uuid[])
