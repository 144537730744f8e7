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
