-- name: add_course_index
-- Give a large course its own approximate index in one set. One row, nothing in it.
select add_course_index(%(set_id)s::integer, %(course_id)s::uuid, %(dims)s::integer)

-- name: add_embedding_partition
-- Make the table of one set's vectors; it refuses vectors of another dimension. One row, nothing in it.
select add_embedding_partition(%(set_id)s::integer, %(dims)s::integer)

-- name: clear_live_embedding_set
-- No set of this role and chunker is live until the next statement of the transaction says which. Nothing comes out.
update embedding_sets set live = false where live and role = %(role)s::text and chunker = %(chunker)s::text

-- name: count_chunks_without_vectors
-- How many chunks of its chunker, of all courses, a set has no vector for. One row: the number.
select count(*) from chunks as c
where c.chunker = (select chunker from embedding_sets where id = %(set_id)s::integer) and not exists (
    select 1 from chunk_embeddings as e
    where e.set_id = %(set_id)s::integer and e.course_id = c.course_id and e.chunk_id = c.id
)

-- name: drop_course_index
-- Take a course's own index in one set away. One row, nothing in it.
select drop_course_index(%(set_id)s::integer, %(course_id)s::uuid)

-- name: find_embedding_set
-- The set that the settings made for this model, dimension, version of the text and chunker: an `EmbeddingSet`. No row: there is none.
select id, name, model, dims, search_text_version, role, live, base_url, chunker, added, retired_at
from embedding_sets
where model = %(model)s::text and dims = %(dims)s::integer and search_text_version = %(search_text_version)s::text
  and chunker = %(chunker)s::text and not added

-- name: insert_embedding_set
-- Make a set for the settings, live when no other of its role is: an `EmbeddingSet`. No row: it is there already.
insert into embedding_sets (name, model, dims, search_text_version, chunker, role, live)
select %(name)s::text, %(model)s::text, %(dims)s::integer, %(search_text_version)s::text, %(chunker)s::text,
       %(role)s::text,
       not exists (select 1 from embedding_sets where live and role = %(role)s::text and chunker = %(chunker)s::text)
on conflict (model, dims, search_text_version, chunker) where not added do nothing
returning id, name, model, dims, search_text_version, role, live, base_url, chunker, added, retired_at

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
from term_counts
where term = 0 and chunker = (select chunker from embedding_sets where id = %(set_id)s::integer)
group by course_id
having (sum(chunks) > %(exact_chunks)s::integer)
    <> (to_regclass(course_index_name(%(set_id)s::integer, course_id)) is not null)

-- name: live_embedding_set
-- The set that searches read where a course has none of its own: an `EmbeddingSet`. No row: nothing was embedded yet.
select id, name, model, dims, search_text_version, role, live, base_url, chunker, added, retired_at
from embedding_sets where live and role = 'main'

-- name: lock_embedding_sets
-- Those who make or switch embedding sets take turns until the transaction ends. One row, nothing in it.
select pg_advisory_xact_lock(7301925002::bigint)

-- name: put_vector
-- Write the vector of one chunk in one set. Nothing comes out.
insert into chunk_embeddings (set_id, course_id, kind, source_id, chunk_id, embedding)
values (%(set_id)s::integer, %(course_id)s::uuid, %(kind)s::text, %(source_id)s::uuid, %(chunk_id)s::uuid,
        %(embedding)s::halfvec)
on conflict (set_id, course_id, chunk_id) do update set embedding = excluded.embedding

-- name: set_live_embedding_set
-- Searches read this set from now on. Nothing comes out.
update embedding_sets set live = true where id = %(set_id)s::integer


-- name: add_named_set
-- Add a set by name: an `EmbeddingSet`. No row: the name is taken.
insert into embedding_sets (name, model, dims, search_text_version, base_url, chunker, added)
values (%(name)s::text, %(model)s::text, %(dims)s::integer, %(search_text_version)s::text, %(base_url)s::text,
        %(chunker)s::text, true)
on conflict (name) do nothing
returning id, name, model, dims, search_text_version, role, live, base_url, chunker, added, retired_at

-- name: delete_course_set
-- A course follows the set that is live for all again. Nothing comes out.
delete from course_sets where course_id = %(course_id)s::uuid

-- name: drop_embedding_partition
-- Remove all vectors of a set. One row, nothing in it.
select drop_embedding_partition(%(set_id)s::integer)

-- name: find_course_set
-- The set a course is searched in: an `EmbeddingSet`. No row: nothing was embedded yet.
select id, name, model, dims, search_text_version, role, live, base_url, chunker, added, retired_at
from embedding_sets where id = live_set(%(course_id)s::uuid)

-- name: find_named_set
-- The main set of this name: an `EmbeddingSet`.
select id, name, model, dims, search_text_version, role, live, base_url, chunker, added, retired_at
from embedding_sets where name = %(name)s::text and role = 'main'

-- name: find_previous_set
-- What a rollback of a course goes back to: an `EmbeddingSet`. No row: nothing.
select id, name, model, dims, search_text_version, role, live, base_url, chunker, added, retired_at
from embedding_sets where id = (select previous_id from course_sets where course_id = %(course_id)s::uuid)

-- name: list_course_sets
-- Main sets that are not retired, in the order they came: name, model, dims, chunker, live (the course is searched in it),
-- previous (a rollback goes back to it), chunks of the course and the set's chunker, vectors (how many of those it has).
select s.name, s.model, s.dims, s.chunker, s.id = live_set(%(course_id)s::uuid) as live,
       s.id is not distinct from p.previous_id as previous,
       (select count(*) from chunks c where c.course_id = %(course_id)s::uuid and c.chunker = s.chunker) as chunks,
       (select count(*) from chunk_embeddings e
        where e.set_id = s.id and e.course_id = %(course_id)s::uuid) as vectors
from embedding_sets s
left join course_sets p on p.course_id = %(course_id)s::uuid
where s.role = 'main' and s.retired_at is null
order by s.id

-- name: list_course_sources
-- Decks and lectures of a course that have chunks: source_id.
select distinct source_id from chunks where course_id = %(course_id)s::uuid and chunker = 'standard' order by source_id

-- name: list_main_sets
-- Main sets that are not retired, in the order they came: `EmbeddingSet`s.
select id, name, model, dims, search_text_version, role, live, base_url, chunker, added, retired_at
from embedding_sets where role = 'main' and retired_at is null
order by id

-- name: list_searched_courses
-- Courses that are searched in a set: name. By the pointer of each, or because the set is live for all (then one row of `all courses`).
select c.name from course_sets p join courses c on c.id = p.course_id where p.set_id = %(set_id)s::integer
union all
select 'all courses' from embedding_sets where id = %(set_id)s::integer and live
order by name

-- name: count_course_lacks
-- How many chunks of a course a set has no vector for, and how many there are. One row: missing, chunks. A deck or lecture that
-- was not cut by the set's chunker yet counts with its standard chunks.
with wanted as (select chunker from embedding_sets where id = %(set_id)s::integer),
cut as (
    select c.id, c.course_id, c.source_id from chunks c, wanted
    where c.course_id = %(course_id)s::uuid and c.chunker = wanted.chunker
),
uncut as (
    select c.id, c.course_id from chunks c
    where c.course_id = %(course_id)s::uuid and c.chunker = 'standard' and c.source_id not in (select source_id from cut)
)
select count(*) filter (where e.chunk_id is null) as missing, count(*) as chunks
from (select id, course_id from cut union all select id, course_id from uncut) as c
left join chunk_embeddings e
    on e.set_id = %(set_id)s::integer and e.course_id = c.course_id and e.chunk_id = c.id

-- name: put_course_set
-- A course is searched in this set from now on; another one is kept for a rollback (null: none). Nothing comes out.
insert into course_sets (course_id, set_id, previous_id)
values (%(course_id)s::uuid, %(set_id)s::integer, %(previous_id)s::integer)
on conflict (course_id) do update
set set_id = excluded.set_id, previous_id = excluded.previous_id, promoted_at = now()

-- name: note_set_retired
-- A set is over. Nothing comes out.
update embedding_sets set retired_at = now() where id = %(set_id)s::integer

-- name: share_set_build
-- Who builds a set says so until the transaction ends. One row: whether nobody retires or promotes it now.
select pg_try_advisory_xact_lock_shared(73019253, %(set_id)s::integer)

-- name: hold_set
-- Who promotes or retires a set keeps builds away until the transaction ends. One row: whether no build is under way.
select pg_try_advisory_xact_lock(73019253, %(set_id)s::integer)

-- name: list_course_states
-- Courses with questions of which nothing is being processed: course_id, state (changes with the questions, the live set, and
-- whatever was processed or deleted).
select q.course_id,
       md5(concat_ws(' ', q.version, live_set(q.course_id), u.found, u.ended_at)) as state
from (select course_id, max(version) as version from question_sets group by course_id) as q
cross join lateral (
    select count(*) as found, max(stages -> 'slide_embeddings' ->> 'ended_at') as ended_at,
           bool_and(coalesce(stages -> 'slide_embeddings' ? 'ended_at', false)
                    or failed_generation is not distinct from generation) as done
    from (
        select stages, generation, failed_generation from documents where course_id = q.course_id and deleted_at is null
        union all
        select jsonb_build_object('slide_embeddings', stages -> 'lecture_embeddings'), generation, failed_generation
        from lectures where course_id = q.course_id and deleted_at is null
    ) as uploads
) as u
where u.done

-- name: list_pairs
-- Courses with questions and main sets that are not retired: partition_key, course_id, course_name, set_name, live.
select partition_key(c.name, s.name, c.id) as partition_key, c.id as course_id, c.name as course_name,
       s.name as set_name, s.id = live_set(c.id) as live
from courses c
cross join embedding_sets s
where c.deleted_at is null and s.role = 'main' and s.retired_at is null
  and exists (select 1 from question_sets q where q.course_id = c.id)
order by partition_key, s.id

-- name: wait_briefly
-- Statements of this transaction wait two seconds for a table, because others wait behind them. One row, nothing in it.
select set_config('lock_timeout', '2s', true)

-- name: list_unused_sets
-- Sets that a person added, that no course is searched in or can be rolled back to, and that nobody has built, promoted or
-- evaluated for `days` days: name.
select s.name from embedding_sets s
where s.added and s.retired_at is null and not s.live and s.used_at < now() - make_interval(days => %(days)s::integer)
  and not exists (select from course_sets c where s.id in (c.set_id, c.previous_id))
order by s.name

-- name: note_set_used
-- A set is of use now. Nothing comes out.
update embedding_sets set used_at = now() where id = %(set_id)s::integer
