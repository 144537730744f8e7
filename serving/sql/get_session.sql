-- One chat of this person: id, client_id, course_id, title, head_key, created_at, updated_at. No row: not there, or not his.
select id, client_id, course_id, title, head_key, created_at, updated_at
from chat_sessions
where user_id = %(user_id)s::uuid and client_id = %(client_id)s::text
