-- name: deepest_leaf
-- The newest end of the branch through a message of this chat: key. No row: no such message here.
with recursive down as (
    select key, 1 as step from chat_messages where key = %(key)s::uuid and session_id = %(session_id)s::uuid
    union all
    select newest.key, d.step + 1 from down d cross join lateral (
        select c.key from chat_messages c where c.parent_key = d.key order by c.created_at desc, c.key limit 1
    ) as newest
)
select key from down order by step desc limit 1

-- name: delete_feedback
-- Take a rating back. Rows touched: 1 when there was one.
delete from chat_feedback f using chat_messages m, chat_sessions s
where f.message_key = m.key and s.id = m.session_id and m.id = %(message_id)s::text
  and s.user_id = %(user_id)s::uuid and s.client_id = %(client_id)s::text

-- name: delete_session
-- Delete a chat with all its branches. One row (id): it was there. A run in progress goes with it.
delete from chat_sessions
where user_id = %(user_id)s::uuid and client_id = %(client_id)s::text
returning id

-- name: ensure_session
-- The chat of this id, made where it is missing. One row, as in get_session.
-- No row: there is no such course, or another transaction makes the chat just now.
with made as (
    insert into chat_sessions (user_id, client_id, course_id, title, titled_by)
    select %(user_id)s::uuid, %(client_id)s::text, c.id, %(title)s::text,
           case when %(title)s::text = '' then 'question' else 'person' end
    from courses c
    where c.id = %(course_id)s::uuid and c.deleted_at is null
    on conflict (user_id, client_id) do nothing
    returning id, client_id, course_id, title, head_key, created_at, updated_at, archived_at, titled_by
)
select id, client_id, course_id, title, head_key, created_at, updated_at, archived_at, titled_by
from made
union all
select id, client_id, course_id, title, head_key, created_at, updated_at, archived_at, titled_by
from chat_sessions
where user_id = %(user_id)s::uuid and client_id = %(client_id)s::text

-- name: finish_message
-- Keep the answer a run made and date its chat. Rows touched: 1, or 0 when the chat was deleted.
with written as (
    update chat_messages
    set status = %(status)s::text, error_code = %(error_code)s::text, content = %(content)s::text,
        parts = %(parts)s::jsonb, metadata = metadata || %(metadata)s::jsonb, hits = %(hits)s::jsonb
    where key = %(message_key)s::uuid
    returning session_id
)
update chat_sessions set updated_at = now() from written where id = written.session_id

-- name: find_sent_picture
-- The n-th picture (from 0) of a message of this person's chat: part. No row: no such message, or not theirs.
select jsonb_path_query_array(m.parts, '$[*] ? (@.type == "file")') -> %(number)s::integer as part
from chat_messages m join chat_sessions s on s.id = m.session_id
where s.user_id = %(user_id)s::uuid and s.client_id = %(client_id)s::text and m.key = %(message_key)s::uuid

-- name: get_session
-- One chat of this person: id, client_id, course_id, title, head_key, created_at, updated_at, archived_at,
-- titled_by. No row: not there, or not theirs.
select id, client_id, course_id, title, head_key, created_at, updated_at, archived_at, titled_by
from chat_sessions
where user_id = %(user_id)s::uuid and client_id = %(client_id)s::text

-- name: get_source
-- One cited passage of this person's chats: id, course_id, handle, chunk_id, kind, source_id, title, file_name, page,
-- page_label, start_ms, end_ms (where the same words stand now, or stood), document_id, lecture_id, quote, changed,
-- removed (its file was deleted, or is not theirs to see any more), image_sha256 (its page's picture then), boxes (on that
-- picture), shown (there is a picture of the page, or a recording), body and line_boxes of its slide now (null for speech and
-- where the slide is gone), drawn (that slide has a picture now). No row: not there, or not theirs, or they left the course; a course that was deleted is left by
-- nobody, and what came from a former deployment is its reader's in any course.
select s.id, s.course_id, s.handle, s.chunk_id, s.kind, s.source_id, s.title, s.file_name,
       case when s.kind = 'slide' then coalesce(k.page, s.page) else s.page end as page,
       case when k.page is null then s.page_label else k.page_label end as page_label,
       coalesce(k.start_ms, s.start_ms) as start_ms, coalesce(k.end_ms, s.end_ms) as end_ms,
       s.document_id, s.lecture_id, s.quote, k.kind is null as changed, now.removed, s.image_sha256, s.boxes,
       not exists (select from documents d where d.id = s.source_id and d.adopted and p.page is null)
           and not exists (select from lectures l where l.id = s.source_id and l.adopted and l.media_sha256 is null) as shown,
       p.body, p.line_boxes, p.image_sha256 is not null as drawn
from message_sources s
join chat_messages m on m.key = s.message_key
join chat_sessions c on c.id = m.session_id
left join lateral (
    select k.kind, k.page, k.page_label, k.start_ms, k.end_ms from chunks k
    where k.source_id = s.source_id and (k.id = s.chunk_id or k.content = s.quote and not s.adopted)
    order by k.id = s.chunk_id desc, abs(coalesce(k.page - s.page, k.start_ms - s.start_ms))
    limit 1
) as k on true
cross join lateral (
    select not exists (
        select 1 from documents d where d.id = s.source_id and d.deleted_at is null
          and sees_upload(c.user_id, role_in(d.course_id, c.user_id), d.owner_id, d.published, d.offered_at, d.release_at)
    ) and not exists (
        select 1 from lectures l where l.id = s.source_id and l.deleted_at is null
          and sees_upload(c.user_id, role_in(l.course_id, c.user_id), l.owner_id, l.published, l.offered_at, l.release_at)
    ) as removed
) as now
left join user_courses u on u.course_id = s.course_id and u.user_id = c.user_id
left join slides p on s.kind = 'slide' and p.course_id = s.course_id and p.document_id = s.source_id and p.page = k.page
                  and not now.removed
where s.id = %(source_id)s::uuid and c.user_id = %(user_id)s::uuid
  and (u.user_id is not null or s.adopted or not is_course(s.course_id))

-- name: give_title
-- A model's title for a chat that nobody has called anything; its date stays. Rows touched: 1 or 0.
update chat_sessions set title = %(title)s::text, titled_by = 'model'
where id = %(session_id)s::uuid and titled_by = 'question'

-- name: insert_source
-- Keep one cited passage as it was, with what it was made from and by which runs. Its picture is kept where nobody removes
-- it just now. Rows touched: 1, or 0 when the message was deleted or the passage is kept already.
with made as (
    select k.source_sha256, d.stages, jsonb_build_object(
        'chunker', k.chunker_version, 'readFrom', s.text_source, 'reader', s.code_version, 'describedBy', p.model,
        'descriptionPrompt', p.prompt_version) as origin
    from slide_chunks_knowledge k
    join documents d on d.id = k.document_id
    left join slides s on s.course_id = k.course_id and s.document_id = k.document_id and s.page = k.page
    left join slide_descriptions p on p.course_id = k.course_id and p.document_id = k.document_id and p.page = k.page
    where k.course_id = %(course_id)s::uuid and k.id = %(chunk_id)s::uuid
    union all
    select k.source_sha256, l.stages, jsonb_build_object(
        'chunker', k.chunker_version, 'readFrom', t.source, 'reader', t.code_version, 'heardBy', t.model)
    from lecture_chunks_knowledge k
    join lectures l on l.id = k.lecture_id
    left join transcripts t on t.lecture_id = l.id
    where k.course_id = %(course_id)s::uuid and k.id = %(chunk_id)s::uuid
),
runs as (
    select jsonb_object_agg(stage.key, stage.value ->> 'run_id') as by_stage,
           array_agg(distinct stage.value ->> 'run_id') as ids
    from made, jsonb_each(made.stages) as stage where stage.value ? 'run_id'
),
shown as materialized (
    select image_sha256 from slides
    where course_id = %(course_id)s::uuid and document_id = %(document_id)s::uuid and page = %(page)s::integer
      and image_sha256 is not null
),
picture as (
    select image_sha256 from shown where pg_try_advisory_xact_lock_shared(hashtextextended(image_sha256, 20))
)
insert into message_sources (id, message_key, course_id, handle, chunk_id, kind, source_id, title, file_name, page,
                                page_label, start_ms, end_ms, document_id, lecture_id, quote, boxes, file_sha256,
                                image_sha256, run_ids, origin)
select %(id)s::uuid, m.key, %(course_id)s::uuid, %(handle)s::integer, %(chunk_id)s::uuid, %(kind)s::text,
       %(source_id)s::uuid, %(title)s::text, %(file_name)s::text, %(page)s::integer, %(page_label)s::text,
       %(start_ms)s::integer, %(end_ms)s::integer, %(document_id)s::uuid, %(lecture_id)s::uuid, %(quote)s::text,
       %(boxes)s::jsonb, made.source_sha256, picture.image_sha256, coalesce(runs.ids, '{}'),
       jsonb_strip_nulls(coalesce(made.origin, '{}') || jsonb_build_object(
           'runs', runs.by_stage, 'set', e.name, 'model', e.model, 'dims', e.dims))
from chat_messages m
left join made on true
left join runs on true
left join picture on true
left join embedding_sets e on e.id = %(set_id)s::integer
where m.key = %(message_key)s::uuid
on conflict do nothing

-- name: list_branches
-- Last messages of every branch of a chat, newest first: key, id, role, content, status, created_at.
select m.key, m.id, m.role, m.content, m.status, m.created_at from chat_messages m
where m.session_id = %(session_id)s::uuid
  and not exists (select 1 from chat_messages child where child.parent_key = m.key)
order by m.created_at desc
limit 200

-- name: list_source_news
-- Cited passages of these messages of which there is news: id, changed (the course no longer holds those words), removed
-- (its file was deleted, or whose chat it is may not see it any more); where the same words stand elsewhere now: kind,
-- title, file_name, page, page_label, start_ms, end_ms.
select s.id, k.kind is null as changed, now.removed, s.kind, s.title, s.file_name,
       case when s.kind = 'slide' then coalesce(k.page, s.page) else s.page end as page,
       case when k.page is null then s.page_label else k.page_label end as page_label,
       coalesce(k.start_ms, s.start_ms) as start_ms, coalesce(k.end_ms, s.end_ms) as end_ms
from message_sources s
join chat_messages m on m.key = s.message_key
join chat_sessions c on c.id = m.session_id
left join lateral (
    select k.kind, k.page, k.page_label, k.start_ms, k.end_ms from chunks k
    where k.source_id = s.source_id and (k.id = s.chunk_id or k.content = s.quote)
    order by k.id = s.chunk_id desc, abs(coalesce(k.page - s.page, k.start_ms - s.start_ms))
    limit 1
) as k on true
cross join lateral (
    select not exists (
        select 1 from documents d where d.id = s.source_id and d.deleted_at is null
          and sees_upload(c.user_id, role_in(d.course_id, c.user_id), d.owner_id, d.published, d.offered_at, d.release_at)
    ) and not exists (
        select 1 from lectures l where l.id = s.source_id and l.deleted_at is null
          and sees_upload(c.user_id, role_in(l.course_id, c.user_id), l.owner_id, l.published, l.offered_at, l.release_at)
    ) as removed
) as now
where s.message_key = any(%(message_keys)s::uuid[])
  and (now.removed or k.kind is null
       or (k.page, k.page_label) is distinct from (s.page, s.page_label) and s.kind = 'slide'
       or (k.start_ms, k.end_ms) is distinct from (s.start_ms, s.end_ms) and s.kind = 'speech')

-- name: list_feedback
-- Ratings of these messages: message_key, rating, reason, shared.
select message_key, rating, reason, shared from chat_feedback where message_key = any(%(message_keys)s::uuid[])

-- name: list_path
-- The shown branch upwards from a message, newest first: key, id, parent_key, depth, role, status, error_code, content,
-- parts, metadata, created_at. At most `limit` rows; none when `from_key` is null.
with recursive path as (
    select m.key, m.parent_key, 1 as step from chat_messages m
    where m.key = %(from_key)s::uuid and m.session_id = %(session_id)s::uuid
    union all
    select m.key, m.parent_key, p.step + 1 from path p join chat_messages m on m.key = p.parent_key
    where p.step < %(limit)s::integer
)
select m.key, m.id, m.parent_key, m.depth, m.role, m.status, m.error_code, m.content, m.parts, m.metadata, m.created_at
from path p join chat_messages m on m.key = p.key
order by m.depth desc

-- name: list_sessions
-- Chats of this person, newest first, as in get_session; those put away, or those not.
-- `pattern` (an escaped LIKE pattern) looks in titles and messages; `before_*` continues after that row; both may be null.
select id, client_id, course_id, title, head_key, created_at, updated_at, archived_at, titled_by
from chat_sessions s
where user_id = %(user_id)s::uuid and (archived_at is not null) = %(archived)s::boolean
  and (%(course_id)s::uuid is null or course_id = %(course_id)s::uuid)
  and (%(before_at)s::timestamptz is null or (updated_at, id) < (%(before_at)s::timestamptz, %(before_id)s::uuid))
  and (%(pattern)s::text is null or title ilike %(pattern)s::text
       or exists (select 1 from chat_messages m where m.session_id = s.id and m.content ilike %(pattern)s::text))
order by updated_at desc, id desc
limit %(limit)s::integer

-- name: list_siblings
-- Versions of these messages (same parent, same role), oldest first: key, versions (their keys).
select m.key, array(
    select v.key from chat_messages v
    where v.session_id = m.session_id and v.parent_key is not distinct from m.parent_key and v.role = m.role
    order by v.created_at, v.key
) as versions
from chat_messages m
where m.key = any(%(message_keys)s::uuid[])

-- name: put_feedback
-- Keep what this person thinks of an answer of theirs. One row (message_key); none when there is no such answer.
insert into chat_feedback (message_key, rating, reason, shared)
select m.key, %(rating)s::text, %(reason)s::text, %(shared)s::boolean
from chat_messages m join chat_sessions s on s.id = m.session_id
where s.user_id = %(user_id)s::uuid and s.client_id = %(client_id)s::text
  and m.id = %(message_id)s::text and m.role = 'assistant'
on conflict (message_key) do update set rating = excluded.rating, reason = excluded.reason, shared = excluded.shared,
    created_at = now()
returning message_key

-- name: update_session
-- Rename a chat, show another branch of it, put it away or back; null leaves a value. One row as in get_session; no row:
-- not theirs. What is put away or back keeps its date, so that it lies where it was.
update chat_sessions
set title = coalesce(%(title)s::text, title), head_key = coalesce(%(head_key)s::uuid, head_key),
    titled_by = case when %(title)s::text is null then titled_by else 'person' end,
    archived_at = case when %(archived)s::boolean then coalesce(archived_at, now()) when not %(archived)s::boolean then null
                       else archived_at end,
    updated_at = case when %(title)s::text is null and %(head_key)s::uuid is null then updated_at else now() end
where user_id = %(user_id)s::uuid and client_id = %(client_id)s::text
returning id, client_id, course_id, title, head_key, created_at, updated_at, archived_at, titled_by

-- name: find_answer
-- An answer of this person that has ended, by its key or its newest message of that id: key, id, course_id (null: it is
-- gone), question, content, status, metadata, hits, created_at. No row: not there, or not theirs.
select m.key, m.id, s.course_id, coalesce(q.content, '') as question, m.content, m.status, m.metadata, m.hits, m.created_at
from chat_sessions s
join chat_messages m on m.session_id = s.id and m.role = 'assistant' and m.status <> 'running'
left join chat_messages q on q.key = m.parent_key
where s.user_id = %(user_id)s::uuid and (m.id = %(id)s::text or m.key = %(key)s::uuid)
order by m.created_at desc
limit 1

-- name: find_cited_picture
-- The picture of the page that a passage of this person's chats cited: image_sha256. No row: none was kept, it is not theirs,
-- or they may not see the deck any more, or left its course.
select s.image_sha256
from message_sources s
join chat_messages m on m.key = s.message_key
join chat_sessions c on c.id = m.session_id
join documents d on d.id = s.document_id and d.deleted_at is null
join user_courses u on u.course_id = d.course_id and u.user_id = c.user_id
where s.id = %(source_id)s::uuid and c.user_id = %(user_id)s::uuid and s.image_sha256 is not null
  and sees_upload(c.user_id, u.role, d.owner_id, d.published, d.offered_at, d.release_at)

-- name: list_origins
-- The passages an answer cites, with what each was made from: id, handle, kind, title, file_name, page, page_label, start_ms,
-- end_ms, chunk_id, quote, file_sha256, origin.
select id, handle, kind, title, file_name, page, page_label, start_ms, end_ms, chunk_id, quote, file_sha256, origin
from message_sources where message_key = %(message_key)s::uuid
order by handle

-- name: list_published
-- Which of these uploads are their course's: id.
select id from documents where id = any(%(upload_ids)s::uuid[]) and published and deleted_at is null
union all
select id from lectures where id = any(%(upload_ids)s::uuid[]) and published and deleted_at is null
