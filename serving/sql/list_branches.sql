-- Last messages of every branch of a chat, newest first: key, id, role, content, status, created_at.
select m.key, m.id, m.role, m.content, m.status, m.created_at from chat_messages m
where m.session_id = %(session_id)s::uuid
  and not exists (select 1 from chat_messages child where child.parent_key = m.key)
order by m.created_at desc
limit 200
