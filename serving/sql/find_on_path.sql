-- The message of this id on the shown branch: key, id, parent_key, depth, role, content. No row: it is on none or another.
with recursive path as (
    select m.key, m.parent_key from chat_messages m where m.key = %(head_key)s::uuid
    union all
    select m.key, m.parent_key from path p join chat_messages m on m.key = p.parent_key
)
select m.key, m.id, m.parent_key, m.depth, m.role, m.content
from path p join chat_messages m on m.key = p.key
where m.id = %(id)s::text
  and exists (select 1 from chat_messages known
              where known.session_id = %(session_id)s::uuid and known.id = %(id)s::text)
order by m.depth desc
limit 1
