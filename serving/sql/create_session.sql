-- Make a chat. One row: id, client_id, course_id, title, head_key, created_at, updated_at. No row: the id is taken.
insert into chat_sessions (user_id, client_id, course_id, title)
values (%(user_id)s::uuid, %(client_id)s::text, %(course_id)s::uuid, %(title)s::text)
on conflict (user_id, client_id) do nothing
returning id, client_id, course_id, title, head_key, created_at, updated_at
