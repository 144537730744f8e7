-- How many chunks of all courses a set has no vector for. One row: the number.
select count(*) from ai.chunks as c
where not exists (
    select 1 from ai.chunk_embeddings as e
    where e.set_id = %(set_id)s::integer and e.course_id = c.course_id and e.chunk_id = c.id
)
