-- Versions of these messages (same parent, same role), oldest first: key, versions (their keys).
select m.key, array(
    select v.key from chat_messages v
    where v.session_id = m.session_id and v.parent_key is not distinct from m.parent_key and v.role = m.role
    order by v.created_at, v.key
) as versions
from chat_messages m
where m.key = any(%(message_keys)s::uuid[])
