-- The newest question on the shown branch: key, id, parent_key, depth, role, content. No row: nothing was asked.
with recursive path as (
    select m.key, m.parent_key, m.role from chat_messages m where m.key = %(head_key)s::uuid
    union all
    select m.key, m.parent_key, m.role from path p join chat_messages m on m.key = p.parent_key where p.role <> 'user'
)
select m.key, m.id, m.parent_key, m.depth, m.role, m.content
from path p join chat_messages m on m.key = p.key
where m.role = 'user'
limit 1
