-- name: find_on_path
-- The message of this id on the shown branch: key, id, parent_key, depth, role, content, metadata. No row: it is on none or
-- another.
with recursive path as (
    select m.key, m.parent_key from chat_messages m where m.key = %(head_key)s::uuid
    union all
    select m.key, m.parent_key from path p join chat_messages m on m.key = p.parent_key
)
select m.key, m.id, m.parent_key, m.depth, m.role, m.content, m.metadata
from path p join chat_messages m on m.key = p.key
where m.id = %(id)s::text
  and exists (select 1 from chat_messages known
              where known.session_id = %(session_id)s::uuid and known.id = %(id)s::text)
order by m.depth desc
limit 1

-- name: insert_turn
-- Write a turn down: the question (when `asked_key` is not null), the place of its answer, the run that will fill it, and
-- which branch is shown. Who asks in a chat that is put away takes it back. No rows. Breaks chat_runs_one_at_a_time while another one is running.
with asked as (
    insert into chat_messages (key, session_id, id, parent_key, depth, role, status, content, parts, metadata)
    select %(asked_key)s::uuid, %(session_id)s::uuid, %(asked_id)s::text, %(parent_key)s::uuid, %(depth)s::integer - 1,
           'user', 'done', %(question)s::text,
           jsonb_build_array(jsonb_build_object('type', 'text', 'text', %(question)s::text)),
           case when %(source_ids)s::uuid[] = '{}' then '{}'::jsonb
                else jsonb_build_object('sourceIds', %(source_ids)s::uuid[]) end
    where %(asked_key)s::uuid is not null
),
answered as (
    insert into chat_messages (key, session_id, id, parent_key, depth, role, status, content, parts)
    values (%(message_key)s::uuid, %(session_id)s::uuid, %(message_id)s::text, %(question_key)s::uuid,
            %(depth)s::integer, 'assistant', 'running', '', '[]')
),
shown as (
    update chat_sessions
    set head_key = %(message_key)s::uuid, updated_at = now(), archived_at = null,
        title = case when title = '' then %(title)s::text else title end
    where id = %(session_id)s::uuid
)
insert into chat_runs (id, session_id, message_key, owner)
values (%(run_id)s::uuid, %(session_id)s::uuid, %(message_key)s::uuid, %(owner)s::uuid)

-- name: last_question
-- The newest question on the shown branch: key, id, parent_key, depth, role, content, metadata. No row: nothing was
-- asked.
with recursive path as (
    select m.key, m.parent_key, m.role from chat_messages m where m.key = %(head_key)s::uuid
    union all
    select m.key, m.parent_key, m.role from path p join chat_messages m on m.key = p.parent_key where p.role <> 'user'
)
select m.key, m.id, m.parent_key, m.depth, m.role, m.content, m.metadata
from path p join chat_messages m on m.key = p.key
where m.role = 'user'
limit 1

-- name: list_cited
-- Sources that these messages cite, and these sources themselves, oldest first: id, message_key, handle, chunk_id, kind,
-- source_id, title, file_name, page, page_label, start_ms, end_ms, quote.
select s.id, s.message_key, s.handle, s.chunk_id, s.kind, s.source_id, s.title, s.file_name, s.page, s.page_label, s.start_ms,
       s.end_ms, s.quote
from ai.message_sources s join chat_messages m on m.key = s.message_key
where s.message_key = any(%(message_keys)s::uuid[]) or s.id = any(%(source_ids)s::uuid[])
order by m.depth, s.handle

-- name: list_history
-- Words of the branch that ends in a message, newest first: key, role, content, depth, summary (data of the summary it
-- holds of what was said before; null: none). At most `limit` rows.
with recursive path as (
    select m.key, m.parent_key, 1 as step from chat_messages m
    where m.key = %(from_key)s::uuid
    union all
    select m.key, m.parent_key, p.step + 1 from path p join chat_messages m on m.key = p.parent_key
    where p.step < %(limit)s::integer
)
select m.key, m.role, m.content, m.depth,
       case when m.metadata ? 'summary'
            then jsonb_path_query_first(m.parts, '$[*] ? (@.type == "data-summary").data') end as summary
from path p join chat_messages m on m.key = p.key
order by m.depth desc

-- name: list_askable
-- Of these uploads, those of the course that who asks may see: id.
select d.id from documents d
where d.id = any(%(source_ids)s::uuid[]) and d.course_id = %(course_id)s::uuid and d.deleted_at is null
union all
select l.id from lectures l
where l.id = any(%(source_ids)s::uuid[]) and l.course_id = %(course_id)s::uuid and l.deleted_at is null
