-- name: ask_server
-- The database server's version, and what time it is there, in seconds since 1970.
select current_setting('server_version'), extract(epoch from clock_timestamp())::double precision

-- name: announce_uploads
-- Say that uploads want a look, as the triggers of their tables do. Nothing comes out.
notify studybuddy_uploads

-- name: fail_upload_of_run
-- A run ended without a word: remember why its upload, named by id and generation or by the run that began on it, has no
-- result; one that has said why itself is left alone. Rows: the file names of what was failed now.
with decks as (
    update documents set failure_code = %(code)s::text, failure = %(message)s::text, failed_generation = generation,
        requested_generation = generation
    where (run_id = %(run_id)s::text and requested_generation = generation
           or id = %(upload_id)s::uuid and generation = %(generation)s::integer)
      and failed_generation is distinct from generation and deleted_at is null
    returning file_name
),
talks as (
    update lectures set failure_code = %(code)s::text, failure = %(message)s::text, failed_generation = generation,
        requested_generation = generation
    where (run_id = %(run_id)s::text and requested_generation = generation
           or id = %(upload_id)s::uuid and generation = %(generation)s::integer)
      and failed_generation is distinct from generation and deleted_at is null
    returning file_name
)
select file_name from decks union all select file_name from talks

-- name: find_listener
-- A connection of the daemon to this database: its process id. No row: no daemon is connected.
select pid from pg_stat_activity
where datname = current_database() and starts_with(application_name, %(listener)s::text)
limit 1

-- name: list_progress
-- How far the newest generation of these uploads has come: id, failure (null: none), stages (JSON, by name; of a
-- generation no run has begun on: empty), recognising (pictures of text are still to be read). No row: the upload was
-- deleted.
select id, case when failed_generation = generation then failure end as failure,
       case when requested_generation = generation then stages else '{}' end as stages, recognising
from (
    select id, generation, requested_generation, failed_generation, failure, stages,
           is_recognising(id, sha256, stages) as recognising
    from documents
    where id = any(%(upload_ids)s::uuid[]) and deleted_at is null
    union all
    select id, generation, requested_generation, failed_generation, failure, stages, false from lectures
    where id = any(%(upload_ids)s::uuid[]) and deleted_at is null
) u

-- name: retry_upload
-- Make a new generation of an upload whose last one failed, so that a run is started for the same bytes. A row (the id)
-- when it had failed.
with decks as (
    update documents set generation = generation + 1, updated_at = now()
    where id = %(upload_id)s::uuid and failed_generation = generation and deleted_at is null returning id
),
talks as (
    update lectures set generation = generation + 1, updated_at = now()
    where id = %(upload_id)s::uuid and failed_generation = generation and deleted_at is null returning id
)
select id from decks union all select id from talks

-- name: find_needs_column
-- Whether the table of migrations says what a version must know. No row: an older version made it.
select attname from pg_attribute where attrelid = 'schema_migrations'::regclass and attname = 'needs' and not attisdropped

-- name: list_applied
-- The migrations that were applied: version, name, checksum, needs (the oldest migration that a version must know to live
-- with it; null: it only adds). The last by way of JSON, because an older version's table has no such column.
select version, name, checksum, (to_jsonb(each) ->> 'needs')::integer as needs from schema_migrations as each

-- name: list_older
-- What this project's processes that use the database and do not know this migration call themselves, each name once: the
-- name ends with the newest migration that they know, or with no number where a version does not say it.
select distinct application_name
from pg_stat_activity
where datname = current_database() and application_name like 'studybuddy%%'
      and coalesce(substring(application_name from ' ([0-9]+)$')::integer < %(needs)s::integer, true)
order by application_name


-- name: overview
-- How much there is. One row: courses, documents, lectures, slides, slide_chunks, speech_chunks, vectors (of the live
-- set), failed_documents, failed_lectures, recognising (decks with pictures of text still to be read), and the live set's
-- model, dims and search_text_version (null before the first).
select (select count(*) from courses where deleted_at is null) as courses,
       (select count(*) from documents where deleted_at is null) as documents,
       (select count(*) from lectures where deleted_at is null) as lectures,
       (select count(*) from slides) as slides,
       (select count(*) from slide_chunks_knowledge where chunker = 'standard') as slide_chunks,
       (select count(*) from lecture_chunks_knowledge where chunker = 'standard') as speech_chunks,
       (select count(*) from chunk_embeddings e join embedding_sets s on s.id = e.set_id
          and s.live and s.role = 'main') as vectors,
       (select count(*) from documents where failed_generation = generation and deleted_at is null) as failed_documents,
       (select count(*) from lectures where failed_generation = generation and deleted_at is null) as failed_lectures,
       (select count(*) from documents where deleted_at is null and failed_generation is distinct from generation
          and is_recognising(id, sha256, stages)) as recognising,
       (select model from embedding_sets where live and role = 'main') as model,
       (select dims from embedding_sets where live and role = 'main') as dims,
       (select search_text_version from embedding_sets where live and role = 'main') as search_text_version


-- name: note_weak_sandbox
-- A machine reads files without these guards, as from now. Nothing comes out.
insert into weak_sandboxes (machine, missing) values (%(machine)s::text, %(missing)s::text)
on conflict (machine) do update set missing = excluded.missing, seen_at = now()

-- name: forget_weak_sandbox
-- A machine has all guards, or reads nothing without them. Nothing comes out.
delete from weak_sandboxes where machine = %(machine)s::text

-- name: list_weak_sandboxes
-- Machines that read files without a required guard. Rows: machine, missing, by name.
select machine, missing from weak_sandboxes order by machine
