-- name: document_origin
-- Where a document's rows come from. One row: run_id (null before a run began on the newest upload), then what made
-- its rows, null where there are none: slides_version, description_model, prompt_version, chunker_version; last the
-- model and dimension of the live embedding set, null before the first.
select case when d.requested_generation = d.generation then d.run_id end as run_id,
       (select max(code_version) from slides s
        where s.course_id = d.course_id and s.document_id = d.id) as slides_version,
       (select string_agg(distinct p.model, ', ') from slide_descriptions p
        where p.course_id = d.course_id and p.document_id = d.id) as description_model,
       (select string_agg(distinct p.prompt_version, ', ') from slide_descriptions p
        where p.course_id = d.course_id and p.document_id = d.id) as prompt_version,
       (select max(chunker_version) from ai.slide_chunks_knowledge c
        where c.course_id = d.course_id and c.document_id = d.id) as chunker_version,
       e.model as embedding_model,
       e.dims as embedding_dims
from documents d
left join ai.embedding_sets e on e.live and e.role = 'main'
where d.id = %(document_id)s::uuid and d.deleted_at is null
