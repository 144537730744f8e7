-- Words of the branch that ends in a message, newest first: role, content, depth. At most `limit` rows.
with recursive path as (
    select m.key, m.parent_key, 1 as step from chat_messages m where m.key = %(from_key)s::uuid
    union all
    select m.key, m.parent_key, p.step + 1 from path p join chat_messages m on m.key = p.parent_key
    where p.step < %(limit)s::integer
)
select m.role, m.content, m.depth from path p join chat_messages m on m.key = p.key
order by m.depth desc
