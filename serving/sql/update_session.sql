-- Rename a chat or show another branch of it; null leaves a value. One row as in get_session; no row: not his.
update chat_sessions
set title = coalesce(%(title)s::text, title), head_key = coalesce(%(head_key)s::uuid, head_key), updated_at = now()
where user_id = %(user_id)s::uuid and client_id = %(client_id)s::text
returning id, client_id, course_id, title, head_key, created_at, updated_at
