-- The chat of this id, made where it is missing. One row: id, client_id, course_id, title, head_key, created_at, updated_at.
-- No row: there is no such course, or another transaction makes the chat just now.
with made as (
    insert into chat_sessions (user_id, client_id, course_id, title)
    select %(user_id)s::uuid, %(client_id)s::text, c.id, %(title)s::text
    from courses c
    where c.id = %(course_id)s::uuid
    on conflict (user_id, client_id) do nothing
    returning id, client_id, course_id, title, head_key, created_at, updated_at
)
select id, client_id, course_id, title, head_key, created_at, updated_at
from made
union all
select id, client_id, course_id, title, head_key, created_at, updated_at
from chat_sessions
where user_id = %(user_id)s::uuid and client_id = %(client_id)s::text
