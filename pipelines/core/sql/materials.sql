-- name: list_materials
-- Every deck and lecture of a course that a person (null: the operator) sees, by name (`source_ids` not empty: of
-- these alone): kind (`deck`, `lecture`), id,
-- course_id, source_name, file_name, byte_count, uploaded_at, pages (0 for lectures), duration_ms (null for decks, or not measured), chunks, vectors (of
-- the set they are complete in), failure_code and failure (null: the newest generation has not failed), begun (a run began on it), stages,
-- recognising (pictures of text are still to be read), owner_id (null: erased), published, offered_at, release_at, adopted (it
-- came from a former deployment).
with live as materialized (select standard_set(%(course_id)s::uuid) as id),
asking as materialized (select role_in(%(course_id)s::uuid, %(person_id)s::uuid) as role)
select 'deck' as kind, u.id, u.course_id, u.source_name, u.file_name, u.byte_count, u.updated_at as uploaded_at,
       (select count(*) from slides s where s.document_id = u.id) as pages, null::integer as duration_ms,
       (select count(*) from slide_chunks_knowledge c where c.document_id = u.id and c.chunker = 'standard') as chunks,
       (select count(*) from chunk_embeddings e
        where e.source_id = u.id and e.set_id = (select id from live)) as vectors,
       case when u.failed_generation = u.generation then u.failure_code end as failure_code,
       case when u.failed_generation = u.generation then u.failure end as failure,
       u.requested_generation is not distinct from u.generation as begun, u.stages,
       is_recognising(u.id, u.sha256, u.stages) as recognising,
       u.owner_id, u.published, u.offered_at, u.release_at, u.adopted
from documents u, asking
where u.course_id = %(course_id)s::uuid and u.deleted_at is null
  and sees_upload(%(person_id)s::uuid, asking.role, u.owner_id, u.published, u.offered_at,
                  u.release_at)
  and (%(source_ids)s::uuid[] = '{}' or u.id = any(%(source_ids)s::uuid[]))
union all
select 'lecture', u.id, u.course_id, u.source_name, u.file_name, u.byte_count, u.updated_at, 0, u.duration_ms,
       (select count(*) from lecture_chunks_knowledge c where c.lecture_id = u.id and c.chunker = 'standard'),
       (select count(*) from chunk_embeddings e
        where e.source_id = u.id and e.set_id = (select id from live)),
       case when u.failed_generation = u.generation then u.failure_code end,
       case when u.failed_generation = u.generation then u.failure end,
       u.requested_generation is not distinct from u.generation, u.stages, false,
       u.owner_id, u.published, u.offered_at, u.release_at, u.adopted
from lectures u, asking
where u.course_id = %(course_id)s::uuid and u.deleted_at is null
  and sees_upload(%(person_id)s::uuid, asking.role, u.owner_id, u.published, u.offered_at,
                  u.release_at)
  and (%(source_ids)s::uuid[] = '{}' or u.id = any(%(source_ids)s::uuid[]))
order by source_name, id
