-- name: find_turn
-- What a question of a person in their chat of this client id has to know first. One row, of three records: chat.* (null:
-- there is none yet), with chat.named (a message of this id is in it); course.* of the chat or, where that is new, as asked
-- for (null: there is none, or it is not theirs); means.* as in `find_means`. No row: there is no such person any more.
select s.id as "chat.id", s.client_id as "chat.client_id", s.course_id as "chat.course_id", s.head_key as "chat.head_key",
       s.titled_by as "chat.titled_by",
       exists (select from chat_messages m
               where m.session_id = s.id and m.id = %(message_id)s::text) as "chat.named",
       c.id as "course.id", c.name as "course.name", c.language as "course.language", c.code as "course.code",
       c.term as "course.term", c.instructor as "course.instructor", c.open as "course.open",
       c.students_add_lectures as "course.students_add_lectures", c.archived_at is not null as "course.archived",
       role_in(c.id, u.id) as "course.role",
       u.id as "means.person_id", k.id as "means.key_id", k.provider as "means.provider", k.base_url as "means.base_url",
       k.sealed as "means.sealed", u.chat_model as "means.own_model", c.chat_model as "means.course_model"
from users u
left join chat_sessions s on s.user_id = u.id and s.client_id = %(client_id)s::text
left join courses c on c.id = case when s.id is null then %(course_id)s::uuid else s.course_id end
                   and c.deleted_at is null and role_in(c.id, u.id) is not null
left join model_keys k on k.user_id = u.id and k.rejected_at is null
where u.id = %(user_id)s::uuid

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
order by m.depth desc
limit 1

-- name: insert_session
-- A chat that its first question makes. Nothing comes out. Breaks chat_sessions_user_id_client_id_key where there is one.
insert into chat_sessions (id, user_id, client_id, course_id)
values (%(id)s::uuid, %(user_id)s::uuid, %(client_id)s::text, %(course_id)s::uuid)

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
from message_sources s join chat_messages m on m.key = s.message_key
where s.message_key = any(%(message_keys)s::uuid[]) or s.id = any(%(source_ids)s::uuid[])
order by m.depth, s.handle

-- name: list_history
-- Words of the branch that ends in a message (null: in the newest one shown of this chat of a person), newest first: key,
-- role, content, depth, summary (data of the summary it holds of what was said before; null: none). At most `limit` rows.
with recursive path as (
    select m.key, m.parent_key, 1 as step from chat_messages m
    where m.key = coalesce(%(from_key)s::uuid, (select s.head_key from chat_sessions s
                                               where s.user_id = %(user_id)s::uuid and s.client_id = %(client_id)s::text))
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
-- Of these uploads, those of the course that this person sees: id.
select d.id from documents d
where d.id = any(%(source_ids)s::uuid[]) and d.course_id = %(course_id)s::uuid and d.deleted_at is null
  and sees_upload(%(person_id)s::uuid, role_in(d.course_id, %(person_id)s::uuid), d.owner_id, d.published, d.offered_at,
                  d.release_at)
union all
select l.id from lectures l
where l.id = any(%(source_ids)s::uuid[]) and l.course_id = %(course_id)s::uuid and l.deleted_at is null
  and sees_upload(%(person_id)s::uuid, role_in(l.course_id, %(person_id)s::uuid), l.owner_id, l.published, l.offered_at,
                  l.release_at)
