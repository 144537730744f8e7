-- The run that is writing in this person's chat: id, message_id, owner. No row: nothing is running, or no such chat.
select r.id, m.id as message_id, r.owner
from chat_sessions s
join chat_runs r on r.session_id = s.id and r.status = 'running'
join chat_messages m on m.key = r.message_key
where s.user_id = %(user_id)s::uuid and s.client_id = %(client_id)s::text
