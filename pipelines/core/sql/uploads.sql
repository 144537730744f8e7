-- name: ask_again
-- Failed uploads whose wait is over become a new generation, so that a run is started for them. Nothing comes out.
update {uploads} set generation = generation + 1, again_generation = generation + 1, tried_again = tried_again + 1,
    again_at = null, updated_at = now()
where again_at <= now() and failed_generation = generation and deleted_at is null

-- name: begin_run
-- A run has begun on this generation: what other runs were making is theirs no more, and an old failure is forgotten.
-- One row (the id) when the generation is still the newest; none otherwise.
update {uploads} set requested_generation = generation, run_id = %(run_id)s::text, stages = '{}',
    failure_code = null, failure = null, failed_generation = null, again_at = null
where id = %(id)s::uuid and generation = %(generation)s::integer and deleted_at is null
returning id

-- name: begin_stage
-- A run begins to make one stage, waiting for a write of the run that made it before; the stages that are made again
-- after it (`after`) have not begun any more. One row (the id) when the generation is still the newest and no other run
-- has begun on all of it since; none otherwise.
update {uploads} set stages = (stages - %(after)s::text[]) || jsonb_build_object(
    %(stage)s::text, jsonb_build_object('run_id', %(run_id)s::text, 'began_at', now()))
where id = %(id)s::uuid and generation = %(generation)s::integer and deleted_at is null
  and (run_id = %(run_id)s::text or not %(whole)s::boolean)
returning id

-- name: count_waiting_uploads
-- Uploads that `list_unrequested_uploads` would list: how many, and for how many seconds the oldest has waited (null: none).
select count(*), extract(epoch from now() - min(updated_at))::double precision from {uploads}
where requested_generation is distinct from generation and deleted_at is null and array_remove({contents}, null) <> '{}'

-- name: delete_upload
-- Set the tombstone, waiting for a write that is under way. A row (the id) only when the upload was there.
-- What can be retrieved of it goes in the next statement (delete_chunks), which sees what that write left behind.
update {uploads} set deleted_at = now(), generation = generation + 1
where id = %(id)s::uuid and deleted_at is null
returning id

-- name: end_stage
-- A run has made its stage. Nothing comes out, and nothing changes when another run has taken the stage over.
update {uploads} set stages = jsonb_set(stages, array[%(stage)s::text, 'ended_at'], to_jsonb(now()))
where id = %(id)s::uuid and stages -> %(stage)s::text ->> 'run_id' = %(run_id)s::text

-- name: fail_upload
-- Remember why this generation has no result. Nothing changes when another run has taken over the stage that failed.
-- Where the reason may pass it is made again after these waits, one after each failure, and the failure says so; empty:
-- it is not.
update {uploads} as u set failure_code = %(code)s::text, failed_generation = generation,
    failure = %(message)s::text || coalesce(' ' || (%(again)s::text[])[tries + 1], ''),
    again_at = now() + (%(waits)s::interval[])[tries + 1], tried_again = tries
from (select id, case when again_generation = generation then tried_again else 0 end as tries
      from {uploads} where id = %(id)s::uuid) t
where u.id = t.id and generation = %(generation)s::integer and deleted_at is null
  and (%(run_id)s::text is null or stages -> %(stage)s::text ->> 'run_id' = %(run_id)s::text)

-- name: find_namesakes
-- Their uploads in a course (null owner: the local person's) that came from this path, or whose name is this one, with or
-- without folders in front: id, source_name, file_name, origin (null: not known), same (it holds one of these contents).
select id, source_name, file_name, origin, {contents} && %(contents)s::text[] as same from {uploads}
where course_id = %(course_id)s::uuid and owner_id = coalesce(%(owner_id)s::uuid, local_person()) and deleted_at is null
  and (origin = %(origin)s::text or '/' || %(source_name)s::text = right('/' || source_name, length(%(source_name)s::text) + 1))
order by created_at

-- name: is_name_taken
-- Whether another deck or lecture of its owner in the course has the name that upload `id` is to have: a row (an id) or
-- none.
with renamed as (
    select course_id, owner_id from documents where id = %(id)s::uuid
    union all
    select course_id, owner_id from lectures where id = %(id)s::uuid
)
select d.id from documents d join renamed r using (course_id, owner_id)
where d.source_name = %(source_name)s::text and d.id <> %(id)s::uuid and d.deleted_at is null
union all
select l.id from lectures l join renamed r using (course_id, owner_id)
where l.source_name = %(source_name)s::text and l.id <> %(id)s::uuid and l.deleted_at is null

-- name: list_course_uploads
-- The uploads of a course that are not deleted: id.
select id from {uploads} where course_id = %(course_id)s::uuid and deleted_at is null

-- name: list_deleted_uploads
-- Uploads deleted and not yet purged: id.
select id from {uploads} where deleted_at is not null order by deleted_at limit %(limit)s::integer

-- name: list_material_files
-- File names of every deck and lecture of a course (of a lecture the recording's and the captions') that a person (null:
-- the operator) searches: file_name.
with asking as materialized (select role_in(%(course_id)s::uuid, %(person_id)s::uuid) as role)
select file_name from documents, asking
where course_id = %(course_id)s::uuid and deleted_at is null
  and searches_upload(%(person_id)s::uuid, asking.role, owner_id, published, release_at)
union
select f.file_name from lectures l, asking, unnest(array[l.file_name, l.captions_name]) as f (file_name)
where l.course_id = %(course_id)s::uuid and l.deleted_at is null and f.file_name is not null
  and searches_upload(%(person_id)s::uuid, asking.role, l.owner_id, l.published, l.release_at)

-- name: list_unrequested_uploads
-- Uploads whose newest generation no run was started for: id, generation. Nothing can be made of one without a file.
select id, generation from {uploads}
where requested_generation is distinct from generation and deleted_at is null and array_remove({contents}, null) <> '{}'
order by created_at
limit %(limit)s::integer

-- name: list_traces
-- In which trace these uploads came, of those that came in one: id, trace.
select id, trace from {uploads} where id = any(%(ids)s::uuid[]) and trace is not null

-- name: lock_upload
-- Fence before a write: one row (the id) when this generation is still the newest and not deleted and, where a run
-- writes, the run still holds the stage it makes; none otherwise.
-- `for share` makes a replacement, a deletion or another run wait until the write has ended; `for key share` would let
-- them pass.
select id from {uploads}
where id = %(id)s::uuid and generation = %(generation)s::integer and deleted_at is null
  and (%(run_id)s::text is null or stages -> %(stage)s::text ->> 'run_id' = %(run_id)s::text)
for share

-- name: note_stage
-- Say how far a run's stage has come, or that it waits to be tried again. Nothing comes out, and nothing changes when
-- another run has taken the stage over.
update {uploads} set stages = jsonb_set(stages, array[%(stage)s::text],
    stages -> %(stage)s::text || jsonb_build_object(
        'note', %(note)s::text, 'waiting', %(waiting)s::boolean, 'done', %(done)s::bigint, 'total', %(total)s::bigint))
where id = %(id)s::uuid and stages -> %(stage)s::text ->> 'run_id' = %(run_id)s::text

-- name: rename_upload
-- Give an upload another name. A row (the id) when it was there; breaks {uploads}_source where another has the name.
update {uploads} set source_name = %(source_name)s::text, file_name = %(file_name)s::text, updated_at = now()
where id = %(id)s::uuid and deleted_at is null
returning id

-- name: reprocess_upload
-- Make a new generation of the same bytes, so that a run is started for it and the one under way writes no more. A row
-- (the id) when the upload was there.
update {uploads} set generation = generation + 1, updated_at = now()
where id = %(id)s::uuid and deleted_at is null
returning id

-- name: list_place
-- Where an upload stands for a person (null: the operator): course_id, role (null: no member), own, published, offered,
-- released. No row: it is not there for them.
with asking as materialized (
    select u.*, role_in(u.course_id, %(person_id)s::uuid) as role from {uploads} u
    where u.id = %(id)s::uuid and u.deleted_at is null
)
select course_id, role, coalesce(owner_id = %(person_id)s::uuid, false) as own, published,
       offered_at is not null as offered, release_at is null or release_at <= now() as released
from asking
where sees_upload(%(person_id)s::uuid, role, owner_id, published, offered_at, release_at)

-- name: offer_upload
-- Offer a private upload to its course, or take the offer back. Nothing comes out.
update {uploads} set offered_at = case when %(offered)s::boolean then coalesce(offered_at, now()) end
where id = %(id)s::uuid and not published and deleted_at is null

-- name: publish_upload
-- Make an upload the course's, seen by students from `release_at` on (null: at once). Nothing comes out.
update {uploads} set published = true, offered_at = null, release_at = %(release_at)s::timestamptz, updated_at = now()
where id = %(id)s::uuid and deleted_at is null

-- name: withdraw_upload
-- Take an upload from its course, or decline its offer. One row: whether that changed something.
select withdraw_upload(%(id)s::uuid)


-- name: find_partition_upload
-- The upload, deleted ones too, that has this key in Dagster: id. No row: none has.
select id from documents where partition_key = %(partition_key)s::text
union all
select id from lectures where partition_key = %(partition_key)s::text

-- name: list_partition_keys
-- Keys in Dagster of these decks and lectures, deleted ones too: id, partition_key.
select id, partition_key from documents where id = any(%(upload_ids)s::uuid[])
union all
select id, partition_key from lectures where id = any(%(upload_ids)s::uuid[])


-- name: begin_partial_upload
-- Begin an upload in pieces: id, user_id, course_id, metadata, byte_count, expires_at, upload_id. No row: the person has
-- as many that are not whole as one may have.
insert into partial_uploads (user_id, course_id, metadata, byte_count, expires_at)
select %(user_id)s::uuid, %(course_id)s::uuid, %(metadata)s::text, %(byte_count)s::bigint,
       now() + %(kept)s::interval
where (select count(*) from partial_uploads
       where user_id = %(user_id)s::uuid and upload_id is null and expires_at > now()) < %(most)s::integer
returning id, user_id, course_id, metadata, byte_count, expires_at, upload_id

-- name: delete_expired_partial_uploads
-- Give up uploads in pieces that nobody has gone on with. Rows touched.
delete from partial_uploads where expires_at <= now()

-- name: delete_partial_upload
-- Give up an upload in pieces. A row (the id) when it was there.
delete from partial_uploads where id = %(id)s::uuid and user_id = %(user_id)s::uuid returning id

-- name: keep_partial_upload
-- A person's upload in pieces, which is kept for as long again: id, user_id, course_id, metadata, byte_count, expires_at,
-- upload_id. No row: they have none of that id.
update partial_uploads set expires_at = now() + %(kept)s::interval
where id = %(id)s::uuid and user_id = %(user_id)s::uuid and expires_at > now()
returning id, user_id, course_id, metadata, byte_count, expires_at, upload_id

-- name: list_unfinished_partial_uploads
-- Which of these uploads in pieces have rows and are not whole: id.
select id from partial_uploads where id = any(%(ids)s::uuid[]) and upload_id is null

-- name: note_taken_upload
-- What an upload in pieces became. Nothing comes out.
update partial_uploads set upload_id = %(upload_id)s::uuid where id = %(id)s::uuid

-- name: take_partial_upload
-- An upload in pieces is whole and becomes an upload: from here on it no more counts as kept beside that. A row (the id);
-- none: it was given up or taken meanwhile.
update partial_uploads set upload_id = id where id = %(id)s::uuid and upload_id is null returning id


-- name: find_adder
-- What a person is in a course (role, null: no member), and whether its students_add_lectures. No row: no such course.
select role_in(id, %(person_id)s::uuid) as role, students_add_lectures
from courses where id = %(course_id)s::uuid and deleted_at is null

-- name: find_changed_upload
-- Their upload in a course that new bytes under this name would change: id. Where `by_stem` says so, names that differ in
-- their ending alone are one. No row: they have none, or it holds these bytes.
select id from {uploads}
where course_id = %(course_id)s::uuid and owner_id = %(person_id)s::uuid and deleted_at is null
  and (source_name = %(source_name)s::text or %(by_stem)s::boolean
       and regexp_replace(source_name, '\.[^./]*$', '') = regexp_replace(%(source_name)s::text, '\.[^./]*$', ''))
  and not {contents} @> %(contents)s::text[]
limit 1

-- name: lock_quotas
-- Uploads of one person, and of one course, take turns until the transaction ends. One row, nothing in it.
select pg_advisory_xact_lock(least(o, c)), pg_advisory_xact_lock(greatest(o, c))
from (select hashtextextended(%(owner_id)s::uuid::text, 31) as o, hashtextextended(%(course_id)s::uuid::text, 31) as c) k

-- name: sum_uploads
-- Bytes of uploads that are not deleted: theirs, and all of the course. No row: who asks does not belong to it.
select theirs, all_of_it from kept_bytes(%(course_id)s::uuid, %(owner_id)s::uuid)
