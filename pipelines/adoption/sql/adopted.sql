-- name: put_person
-- A person who came over, known by nobody's sign-in yet. Nothing comes out.
with person as (
    insert into users (id, created_at) values (%(id)s::uuid, coalesce(%(created_at)s::timestamptz, now()))
    on conflict (id) do nothing
)
insert into adopted_people (user_id) select %(id)s::uuid on conflict (user_id) do nothing

-- name: put_course
-- A course that came over, open to all as it was. Nothing comes out.
insert into courses (id, name, code, instructor, open)
values (%(id)s::uuid, %(name)s::text, %(code)s::text, %(instructor)s::text, true)
on conflict (id) do update set name = excluded.name, code = excluded.code, instructor = excluded.instructor, deleted_at = null

-- name: put_membership
-- Who takes a course. Nothing comes out.
insert into user_courses (user_id, course_id, role) values (%(user_id)s::uuid, %(course_id)s::uuid, %(role)s::text)
on conflict (user_id, course_id) do nothing

-- name: put_deck
-- A deck, private to its owner, of which nothing is to be made. Its own folder keeps its name apart from others. Nothing
-- comes out.
insert into documents as d (id, course_id, owner_id, title, file_name, source_name, sha256, byte_count, requested_generation,
                            failed_generation, failure_code, failure, second_vectors, adopted, created_at, updated_at)
values (%(id)s::uuid, %(course_id)s::uuid, %(owner_id)s::uuid, %(title)s::text, %(file_name)s::text,
        %(id)s::uuid || '/' || %(file_name)s::text, '', %(byte_count)s::bigint, 1,
        case when %(failed)s::boolean then 1 end, case when %(failed)s::boolean then %(code)s::text end,
        case when %(failed)s::boolean then %(failure)s::text end, true, true,
        coalesce(%(created_at)s::timestamptz, now()), coalesce(%(created_at)s::timestamptz, now()))
on conflict (id) do update set course_id = excluded.course_id, owner_id = excluded.owner_id, title = excluded.title,
    file_name = excluded.file_name, source_name = excluded.source_name, byte_count = excluded.byte_count,
    failed_generation = excluded.failed_generation, failure_code = excluded.failure_code, failure = excluded.failure,
    deleted_at = null

-- name: put_talk
-- A lecture of a course, of which nothing is to be made. Nothing comes out.
insert into lectures as l (id, course_id, title, file_name, source_name, byte_count, duration_ms, url, requested_generation,
                           failed_generation, failure_code, failure, published, second_vectors, adopted, created_at,
                           updated_at)
values (%(id)s::uuid, %(course_id)s::uuid, %(title)s::text, %(file_name)s::text, %(id)s::uuid || '/' || %(file_name)s::text,
        0, %(duration_ms)s::integer, %(url)s::text, case when %(state)s::text <> 'unfinished' then 1 end,
        case when %(state)s::text = 'failed' then 1 end, case when %(state)s::text = 'failed' then %(code)s::text end,
        case when %(state)s::text = 'failed' then %(failure)s::text end, true, true, true,
        coalesce(%(created_at)s::timestamptz, now()), coalesce(%(created_at)s::timestamptz, now()))
on conflict (id) do update set course_id = excluded.course_id, title = excluded.title, file_name = excluded.file_name,
    source_name = excluded.source_name, duration_ms = excluded.duration_ms, url = excluded.url,
    requested_generation = excluded.requested_generation, failed_generation = excluded.failed_generation,
    failure_code = excluded.failure_code, failure = excluded.failure, deleted_at = null

-- name: put_listing
-- A lecture on a person's list. Nothing comes out.
insert into user_lectures (user_id, lecture_id) values (%(user_id)s::uuid, %(lecture_id)s::uuid)
on conflict (user_id, lecture_id) do nothing

-- name: put_adopted_slide_chunks
-- The passages of a deck. Nothing comes out.
insert into slide_chunks_knowledge (course_id, id, document_id, ordinal, title, context, content, token_count, page, pages,
                                    chunker_version, source_sha256)
select %(course_id)s::uuid, r.id, d.id, r.ordinal, %(title)s::text, '', r.text, length(r.text) / 4 + 1, r.page, array[r.page],
       'adopted', d.sha256
from documents d
cross join json_to_recordset(%(rows)s::json) as r (id uuid, ordinal integer, text text, page integer)
where d.id = %(source_id)s::uuid

-- name: put_adopted_speech_chunks
-- The passages of a lecture. Nothing comes out.
insert into lecture_chunks_knowledge (course_id, id, lecture_id, ordinal, title, context, content, token_count, start_ms,
                                      end_ms, chunker_version, source_sha256)
select %(course_id)s::uuid, r.id, %(source_id)s::uuid, r.ordinal, %(title)s::text, '', r.text, length(r.text) / 4 + 1,
       r.start_ms, r.end_ms, 'adopted', ''
from json_to_recordset(%(rows)s::json) as r (id uuid, ordinal integer, text text, start_ms integer, end_ms integer)

-- name: put_adopted_terms
-- The weights of the words of these passages of one deck or lecture. Nothing comes out.
insert into chunk_terms (course_id, kind, source_id, chunk_id, terms, chunker)
select %(course_id)s::uuid, %(kind)s::text, %(source_id)s::uuid, r.chunk_id, r.terms, %(chunker)s::text
from unnest(%(chunk_ids)s::uuid[], %(terms)s::sparsevec[]) as r (chunk_id, terms)

-- name: put_adopted_vectors
-- The vectors of these passages as the former system had them, of length 1. Nothing comes out.
insert into chunk_embeddings (set_id, course_id, kind, source_id, chunk_id, embedding)
select %(set_id)s::integer, %(course_id)s::uuid, %(kind)s::text, %(source_id)s::uuid, r.chunk_id, r.embedding
from unnest(%(chunk_ids)s::uuid[], %(vectors)s::halfvec[]) as r (chunk_id, embedding)

-- name: search_course_in
-- A course is searched in this set, where nobody has chosen another. Nothing comes out.
insert into course_sets (course_id, set_id) values (%(course_id)s::uuid, %(set_id)s::integer)
on conflict (course_id) do nothing

-- name: put_chats
-- Chats, and which of its messages is the last of each. Nothing comes out.
insert into chat_sessions (id, user_id, client_id, course_id, title, titled_by, head_key, created_at, updated_at)
select r.id, r.user_id, r.client_id, r.course_id, r.title, case when r.title = '' then 'question' else 'person' end,
       r.head_key, r.created_at, r.updated_at
from json_to_recordset(%(rows)s::json) as r (id uuid, user_id uuid, client_id text, course_id uuid, title text, head_key uuid,
                                             created_at timestamptz, updated_at timestamptz)
on conflict (id) do update set user_id = excluded.user_id, client_id = excluded.client_id, course_id = excluded.course_id,
    title = excluded.title, titled_by = excluded.titled_by, head_key = excluded.head_key, created_at = excluded.created_at,
    updated_at = excluded.updated_at

-- name: put_said
-- Messages of chats, each behind its parent. Nothing comes out.
insert into chat_messages (key, session_id, id, parent_key, depth, role, status, error_code, content, parts, metadata,
                           created_at)
select r.key, r.session_id, r.id, r.parent_key, r.depth, r.role, r.status, r.error_code, r.content, r.parts, r.metadata,
       r.created_at
from json_to_recordset(%(rows)s::json) as r (key uuid, session_id uuid, id text, parent_key uuid, depth integer, role text,
                                             status text, error_code text, content text, parts jsonb, metadata jsonb,
                                             created_at timestamptz)
on conflict (key) do update set session_id = excluded.session_id, id = excluded.id, parent_key = excluded.parent_key,
    depth = excluded.depth, role = excluded.role, status = excluded.status, error_code = excluded.error_code,
    content = excluded.content, parts = excluded.parts, metadata = excluded.metadata, created_at = excluded.created_at

-- name: delete_other_said
-- Remove the messages of these chats that are none of these, and the sources of all. Nothing comes out.
with sources as (
    delete from message_sources s using chat_messages m
    where m.key = s.message_key and m.session_id = any(%(session_ids)s::uuid[])
)
delete from chat_messages m
where m.session_id = any(%(session_ids)s::uuid[]) and not exists (select from unnest(%(keys)s::uuid[]) k where k = m.key)

-- name: put_cited
-- What answers cite. Nothing comes out.
insert into message_sources (id, message_key, course_id, handle, chunk_id, kind, source_id, title, file_name, page, start_ms,
                             end_ms, document_id, lecture_id, quote, adopted)
select r.id, r.message_key, r.course_id, r.handle, r.chunk_id, r.kind, r.material_id, '', r.file_name, r.page, r.start_ms,
       r.end_ms, case when r.openable and r.kind = 'slide' then r.material_id end,
       case when r.openable and r.kind = 'speech' then r.material_id end, r.quote, true
from json_to_recordset(%(rows)s::json) as r (id uuid, message_key uuid, handle integer, kind text, material_id uuid,
                                             openable boolean, course_id uuid, chunk_id uuid, file_name text, page integer,
                                             start_ms integer, end_ms integer, quote text)

-- name: remove_person
-- Remove a person who is gone there, whom nobody has claimed and who has nothing left here. Nothing comes out.
delete from users u where u.id = %(id)s::uuid and u.issuer is null
  and not exists (select from chat_sessions s where s.user_id = u.id)
  and not exists (select from documents d where d.owner_id = u.id)
  and not exists (select from user_courses m where m.user_id = u.id)

-- name: remove_course
-- Remove a course that is gone there and that nobody has anything in here. Nothing comes out.
delete from courses c where c.id = %(id)s::uuid
  and not exists (select from documents d where d.course_id = c.id)
  and not exists (select from lectures l where l.course_id = c.id)
  and not exists (select from user_courses m where m.course_id = c.id)

-- name: remove_membership
-- Remove a membership that is gone there. Nothing comes out.
delete from user_courses where user_id = %(user_id)s::uuid and course_id = %(course_id)s::uuid

-- name: remove_deck
-- Remove a deck that is gone there. Nothing comes out.
delete from documents where id = %(id)s::uuid and adopted

-- name: remove_talk
-- Remove a lecture that is gone there. Nothing comes out.
delete from lectures where id = %(id)s::uuid and adopted

-- name: remove_listing
-- Take a lecture from a person's list. Nothing comes out.
delete from user_lectures where user_id = %(user_id)s::uuid and lecture_id = %(lecture_id)s::uuid

-- name: remove_chat
-- Remove a chat that is gone there. Nothing comes out.
delete from chat_sessions where id = %(id)s::uuid

-- name: our_persons
-- Those of these people that are here: id.
select u.id from users u join adopted_people a on a.user_id = u.id where u.id = any(%(ids)s::uuid[])

-- name: our_courses
-- These courses as they are here: id, name, code, instructor.
select id, name, code, instructor from courses where id = any(%(ids)s::uuid[]) and deleted_at is null

-- name: our_memberships
-- Who takes which course, of these: user_id, course_id, role.
select user_id, course_id, role from user_courses
where (user_id, course_id) in (select * from unnest(%(user_ids)s::uuid[], %(other_ids)s::uuid[]))

-- name: our_listings
-- What is on whose list, of these: user_id, lecture_id.
select user_id, lecture_id from user_lectures
where (user_id, lecture_id) in (select * from unnest(%(user_ids)s::uuid[], %(other_ids)s::uuid[]))

-- name: our_decks
-- These decks as they are here: id, course_id, owner_id, file_name, byte_count, failed.
select id, course_id, owner_id, file_name, byte_count, coalesce(failed_generation = generation, false) as failed
from documents where id = any(%(ids)s::uuid[]) and deleted_at is null and adopted and generation = 1 and not published

-- name: our_talks
-- These lectures as they are here: id, course_id, title, url, duration_ms, state, failure.
select id, course_id, title, url, duration_ms,
       case when failed_generation = generation then 'failed' when requested_generation is null then 'unfinished'
            else 'ready' end as state,
       coalesce(failure, '') as failure
from lectures where id = any(%(ids)s::uuid[]) and deleted_at is null and adopted and generation = 1 and published

-- name: our_passages
-- The passages of these decks or lectures, in order: source_id, course_id, kind, id, ordinal, title, text, page, start_ms,
-- end_ms, vector (it has one in the set).
select c.source_id, c.course_id, c.kind, c.id, c.ordinal, c.title, c.content as text, c.page, c.start_ms, c.end_ms,
       exists (select from chunk_embeddings e where e.set_id = %(set_id)s::integer and e.course_id = c.course_id
                                                and e.chunk_id = c.id) as vector
from chunks c where c.source_id = any(%(ids)s::uuid[]) and c.chunker = 'standard' order by c.source_id, c.ordinal, c.id

-- name: our_chats
-- These chats as they are here: id, user_id, client_id, course_id, title, head_key, created_at, updated_at.
select id, user_id, client_id, course_id, title, head_key, created_at, updated_at
from chat_sessions where id = any(%(ids)s::uuid[])

-- name: our_said
-- All messages of these chats, in order: session_id, key, id, role, status, content, parts, metadata, created_at.
select session_id, key, id, role, status, content, parts, metadata, created_at
from chat_messages where session_id = any(%(ids)s::uuid[]) order by session_id, depth, created_at, key

-- name: our_cited
-- What the answers of these chats cite: message_key, id, handle, kind, material_id, openable, course_id, chunk_id, file_name,
-- page, start_ms, end_ms, quote.
select s.message_key, s.id, s.handle, s.kind, s.source_id as material_id,
       s.document_id is not null or s.lecture_id is not null as openable, s.course_id, s.chunk_id, s.file_name, s.page,
       s.start_ms, s.end_ms, s.quote
from message_sources s join chat_messages m on m.key = s.message_key
where m.session_id = any(%(ids)s::uuid[]) order by s.message_key, s.handle
-- name: list_units
-- Every unit that was written: id, kind, hash.
select id, kind, hash from adopted_units

-- name: list_left_out
-- Every row that was left out: former_table, former_key, reason.
select former_table, former_key, reason from adopted_rows where state = 'left out'

-- name: put_units
-- Remember what was written as one unit each. Nothing comes out.
insert into adopted_units (id, kind, hash, counts)
select id, kind, hash, counts::jsonb
from unnest(%(ids)s::text[], %(kinds)s::text[], %(hashes)s::bytea[], %(counts)s::text[]) as r (id, kind, hash, counts)
on conflict (id) do update set kind = excluded.kind, hash = excluded.hash, counts = excluded.counts, written_at = now()

-- name: note_counts
-- Remember what the report counts of these units now. Nothing comes out.
update adopted_units u set counts = r.counts::jsonb
from unnest(%(ids)s::text[], %(counts)s::text[]) as r (id, counts)
where u.id = r.id and u.counts <> r.counts::jsonb

-- name: put_rows
-- Remember what became of these rows, and which version of them. Nothing comes out.
insert into adopted_rows (former_table, former_key, version, state, reason, unit)
select former_table, former_key, version, state, reason, unit
from unnest(%(tables)s::text[], %(keys)s::text[], %(versions)s::bigint[], %(states)s::text[], %(reasons)s::text[],
            %(units)s::text[]) as r (former_table, former_key, version, state, reason, unit)
on conflict (former_table, former_key) do update
set version = excluded.version, state = excluded.state, reason = excluded.reason, unit = excluded.unit

-- name: note_versions
-- Remember that these rows, which mean what they meant, have been looked at in these versions. Nothing comes out.
update adopted_rows r set version = g.version
from unnest(%(tables)s::text[], %(keys)s::text[], %(versions)s::bigint[]) as g (former_table, former_key, version)
where r.former_table = g.former_table and r.former_key = g.former_key and r.version is distinct from g.version

-- name: sum_counts
-- What the report counts of all units: name, sum.
select c.key, sum(c.value::bigint)::bigint from adopted_units u, jsonb_each_text(u.counts) c group by c.key

-- name: sum_left_out
-- Rows that were left out: former_table, reason, count, keys of some.
select former_table, reason, count(*), (array_agg(former_key order by former_key))[1:%(examples)s::integer]
from adopted_rows where state = 'left out' group by 1, 2 order by 1, 2

-- name: forget_rows_of_units
-- Forget which rows these units were made of. Nothing comes out.
delete from adopted_rows where unit = any(%(units)s::text[])

-- name: forget_units
-- Forget these units and their rows. Nothing comes out.
with rows as (delete from adopted_rows where unit = any(%(units)s::text[]))
delete from adopted_units where id = any(%(units)s::text[])

-- name: forget_left_out
-- Forget rows that are gone there. Nothing comes out.
delete from adopted_rows r using unnest(%(tables)s::text[], %(keys)s::text[]) as g (former_table, former_key)
where r.former_table = g.former_table and r.former_key = g.former_key and r.state = 'left out'

-- name: count_rows
-- What became of the rows of each table: former_table, state, reason, count.
select former_table, state, reason, count(*) from adopted_rows group by 1, 2, 3 order by 1, 2, 3

-- name: list_moved
-- People who have moved here: user_id.
select user_id from adopted_people where moved_at is not null

-- name: move_people
-- People who came over belong here from now on: these (null: all), or who takes this course (null: any). Rows: user_id. Each
-- is written down.
with moved as (
    update adopted_people a set moved_at = now()
    where a.moved_at is null and (%(user_id)s::uuid is null or a.user_id = %(user_id)s::uuid)
      and (%(course_id)s::uuid is null
           or exists (select from user_courses m where m.course_id = %(course_id)s::uuid and m.user_id = a.user_id))
    returning a.user_id
),
noted as (select user_id, note_event('person.moved', user_id, null, '') from moved)
select user_id from noted

-- name: move_people_back
-- People belong to the former system again: as `move_people`. What they wrote here stays.
with moved as (
    update adopted_people a set moved_at = null
    where a.moved_at is not null and (%(user_id)s::uuid is null or a.user_id = %(user_id)s::uuid)
      and (%(course_id)s::uuid is null
           or exists (select from user_courses m where m.course_id = %(course_id)s::uuid and m.user_id = a.user_id))
    returning a.user_id
),
noted as (select user_id, note_event('person.moved_back', user_id, null, '') from moved)
select user_id from noted

-- name: count_people
-- How many people came over, were claimed and have moved: one row.
select count(*), count(claimed_at), count(moved_at) from adopted_people

-- name: count_units
-- How much came over: kind, count, when the last of it was written.
select kind, count(*), max(written_at) from adopted_units group by kind order by kind

-- name: last_run
-- The adoption that came to its end last: signature, report. No row: none has.
select signature, report from adoption_runs order by id desc limit 1

-- name: note_run
-- An adoption came to its end; the hundred before it are kept. Nothing comes out.
with gone as (delete from adoption_runs where id in (select id from adoption_runs order by id desc offset 100))
insert into adoption_runs (signature, report) values (%(signature)s::text, %(report)s::jsonb)

-- name: forget_runs
-- Forget all adoptions. Nothing comes out.
delete from adoption_runs

-- name: list_fileless
-- Decks and lectures that came over and have no file here: id.
select id from documents where adopted and sha256 = '' and deleted_at is null
union all
select id from lectures where adopted and media_sha256 is null and deleted_at is null

-- name: take_deck_file
-- A deck has its file now; nothing is made of it. Nothing comes out.
update documents d set sha256 = %(sha256)s::text where d.id = %(id)s::uuid and d.adopted and d.sha256 = '' and not exists (
    select from documents o where o.course_id = d.course_id and o.owner_id = d.owner_id and o.sha256 = %(sha256)s::text
      and o.deleted_at is null)

-- name: take_recording
-- A lecture has its recording now; nothing is made of it. Nothing comes out.
update lectures set media_sha256 = %(sha256)s::text where id = %(id)s::uuid and adopted and media_sha256 is null

-- name: our_vectors
-- The vectors that these passages have in a set: chunk_id, embedding.
select chunk_id, embedding from chunk_embeddings where set_id = %(set_id)s::integer and chunk_id = any(%(ids)s::uuid[])

-- name: our_nearest
-- The adopted passages of a course that are nearest to a vector in a set: chunk_id, cosine distance; none of these owners'. No
-- index is used, which would give about the nearest.
select e.chunk_id, 1 + (e.embedding <#> %(vector)s::halfvec) as far from chunk_embeddings e
where e.set_id = %(set_id)s::integer and e.course_id = %(course)s::uuid
  and e.source_id in (select id from documents where adopted and owner_id <> all(%(moved)s::uuid[])
                      union all select id from lectures where adopted)
order by 1 + (e.embedding <#> %(vector)s::halfvec) limit %(most)s::integer
