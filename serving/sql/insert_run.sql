-- Claim the session for one answer and show its branch. One row: id. Breaks chat_runs_one_at_a_time when one is running.
with shown as (
    update chat_sessions
    set head_key = %(message_key)s::uuid, updated_at = now(),
        title = case when title = '' then %(title)s::text else title end
    where id = %(session_id)s::uuid
)
insert into chat_runs (session_id, message_key, owner)
values (%(session_id)s::uuid, %(message_key)s::uuid, %(owner)s::uuid)
returning id
