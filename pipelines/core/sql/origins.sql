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
       (select max(chunker_version) from slide_chunks_knowledge c
        where c.course_id = d.course_id and c.document_id = d.id and c.chunker = 'standard') as chunker_version,
       e.model as embedding_model,
       e.dims as embedding_dims
from documents d
left join embedding_sets e on e.id = live_set(d.course_id)
where d.id = %(document_id)s::uuid and d.deleted_at is null

-- name: lecture_origin
-- Where a lecture's rows come from. One row: run_id (null before a run began on the newest upload), chunker_version and
-- aligned_at, null where there are no such rows; last the model and dimension of the live embedding set, null before the
-- first. What its words are made from is a transcript's own row.
select case when l.requested_generation = l.generation then l.run_id end as run_id,
       (select max(chunker_version) from lecture_chunks_knowledge c
        where c.course_id = l.course_id and c.lecture_id = l.id and c.chunker = 'standard') as chunker_version,
       a.made_at as aligned_at, e.model as embedding_model, e.dims as embedding_dims
from lectures l
left join lecture_alignments a on a.lecture_id = l.id
left join embedding_sets e on e.id = live_set(l.course_id)
where l.id = %(lecture_id)s::uuid and l.deleted_at is null

-- name: list_answers_of_run
-- Answers that cite what a Dagster run has made, newest first, a row a cited passage; the run by its id or how that begins:
-- message_key, answered_at, course (null: it was deleted), handle, kind, file_name, page, start_ms.
select m.key as message_key, m.created_at as answered_at, c.name as course, s.handle, s.kind, s.file_name, s.page, s.start_ms
from message_sources s
join chat_messages m on m.key = s.message_key
left join courses c on c.id = s.course_id
where s.run_ids @> array[%(run_id)s::text]
   or length(%(run_id)s::text) < 36 and exists (select from unnest(s.run_ids) r where starts_with(r, %(run_id)s::text))
order by m.created_at desc, m.key, s.handle
