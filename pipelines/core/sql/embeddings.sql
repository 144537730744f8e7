-- name: add_course_index
-- Give a large course its own approximate index in one set. One row, nothing in it.
select ai.add_course_index(%(set_id)s::integer, %(course_id)s::uuid, %(dims)s::integer)

-- name: add_embedding_partition
-- Make the table of one set's vectors; it refuses vectors of another dimension. One row, nothing in it.
select ai.add_embedding_partition(%(set_id)s::integer, %(dims)s::integer)

-- name: clear_live_embedding_set
-- No set of this role is live until the next statement of the transaction says which. Nothing comes out.
update ai.embedding_sets set live = false where live and role = %(role)s::text

-- name: count_chunks_without_vectors
-- How many chunks of all courses a set has no vector for. One row: the number.
select count(*) from ai.chunks as c
where not exists (
    select 1 from ai.chunk_embeddings as e
    where e.set_id = %(set_id)s::integer and e.course_id = c.course_id and e.chunk_id = c.id
)

-- name: drop_course_index
-- Take a course's own index in one set away. One row, nothing in it.
select ai.drop_course_index(%(set_id)s::integer, %(course_id)s::uuid)

-- name: find_embedding_set
-- The set of this model, dimension and version of the text: id, model, dims, search_text_version, role, live. No row: there is none.
select id, model, dims, search_text_version, role, live from ai.embedding_sets
where model = %(model)s::text and dims = %(dims)s::integer and search_text_version = %(search_text_version)s::text

-- name: insert_embedding_set
-- Make a set, live when no other of its role is: id, model, dims, search_text_version, role, live. No row: it is there already.
insert into ai.embedding_sets (model, dims, search_text_version, role, live)
select %(model)s::text, %(dims)s::integer, %(search_text_version)s::text, %(role)s::text,
       not exists (select 1 from ai.embedding_sets where live and role = %(role)s::text)
on conflict (model, dims, search_text_version) do nothing
returning id, model, dims, search_text_version, role, live

-- name: list_decks_without_second_vectors
-- Decks that can be searched and whose chunks have no vectors in the multilingual set: id.
select id from documents
where not second_vectors and deleted_at is null and requested_generation = generation
  and failed_generation is distinct from generation and stages -> 'slide_embeddings' ? 'ended_at'
order by id
limit %(limit)s::integer

-- name: list_lectures_without_second_vectors
-- The same of lectures: id.
select id from lectures
where not second_vectors and deleted_at is null and requested_generation = generation
  and failed_generation is distinct from generation and stages -> 'lecture_embeddings' ? 'ended_at'
order by id
limit %(limit)s::integer

-- name: note_second_vectors
-- Note whether the chunks of an upload have vectors in the multilingual set. Nothing comes out.
with decks as (
    update documents set second_vectors = %(made)s::boolean
    where id = %(source_id)s::uuid and second_vectors <> %(made)s::boolean
)
update lectures set second_vectors = %(made)s::boolean
where id = %(source_id)s::uuid and second_vectors <> %(made)s::boolean

-- name: list_course_indexes_to_change
-- Courses whose own index in a set is missing (large) or no longer needed (not large): course_id, large.
select course_id, sum(chunks) > %(exact_chunks)s::integer as large
from ai.term_counts where term = 0
group by course_id
having (sum(chunks) > %(exact_chunks)s::integer)
    <> (to_regclass('ai.' || ai.course_index_name(%(set_id)s::integer, course_id)) is not null)

-- name: live_embedding_set
-- The set searches read: id, model, dims, search_text_version, role, live. No row: nothing was embedded yet.
select id, model, dims, search_text_version, role, live from ai.embedding_sets where live and role = 'main'

-- name: lock_embedding_sets
-- Those who make or switch embedding sets take turns until the transaction ends. One row, nothing in it.
select pg_advisory_xact_lock(7301925002::bigint)

-- name: put_vector
-- Write the vector of one chunk in one set. Nothing comes out.
insert into ai.chunk_embeddings (set_id, course_id, kind, source_id, chunk_id, embedding)
values (%(set_id)s::integer, %(course_id)s::uuid, %(kind)s::text, %(source_id)s::uuid, %(chunk_id)s::uuid,
        %(embedding)s::halfvec)
on conflict (set_id, course_id, chunk_id) do update set embedding = excluded.embedding

-- name: set_live_embedding_set
-- Searches read this set from now on. Nothing comes out.
update ai.embedding_sets set live = true where id = %(set_id)s::integer
