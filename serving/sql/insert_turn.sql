-- Write a turn down: the question (when `asked_key` is not null), the place of its answer, the run that will fill it, and
-- which branch is shown. No rows. Breaks chat_runs_one_at_a_time while another one is running.
with asked as (
    insert into chat_messages (key, session_id, id, parent_key, depth, role, status, content, parts)
    select %(asked_key)s::uuid, %(session_id)s::uuid, %(asked_id)s::text, %(parent_key)s::uuid, %(depth)s::integer - 1,
           'user', 'done', %(question)s::text,
           jsonb_build_array(jsonb_build_object('type', 'text', 'text', %(question)s::text))
    where %(asked_key)s::uuid is not null
),
answered as (
    insert into chat_messages (key, session_id, id, parent_key, depth, role, status, content, parts)
    values (%(message_key)s::uuid, %(session_id)s::uuid, %(message_id)s::text, %(question_key)s::uuid,
            %(depth)s::integer, 'assistant', 'running', '', '[]')
),
shown as (
    update chat_sessions
    set head_key = %(message_key)s::uuid, updated_at = now(),
        title = case when title = '' then %(title)s::text else title end
    where id = %(session_id)s::uuid
)
insert into chat_runs (id, session_id, message_key, owner)
values (%(run_id)s::uuid, %(session_id)s::uuid, %(message_key)s::uuid, %(owner)s::uuid)
