-- The newest end of the branch through a message of this chat: key. No row: no such message here.
with recursive down as (
    select key, 1 as step from chat_messages where key = %(key)s::uuid and session_id = %(session_id)s::uuid
    union all
    select newest.key, d.step + 1 from down d cross join lateral (
        select c.key from chat_messages c where c.parent_key = d.key order by c.created_at desc, c.key limit 1
    ) as newest
)
select key from down order by step desc limit 1
