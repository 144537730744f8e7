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
select pid from pg_stat_activity where datname = current_database() and application_name = %(listener)s::text limit 1

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

-- name: list_connected
-- What this project's processes that use the database call themselves, each name once.
select distinct application_name
from pg_stat_activity
where datname = current_database() and application_name like 'studybuddy%'
order by application_name
