-- Keep what this person thinks of an answer of his. One row (message_key); none when there is no such answer.
insert into chat_feedback (message_key, rating, reason)
select m.key, %(rating)s::text, %(reason)s::text
from chat_messages m join chat_sessions s on s.id = m.session_id
where s.user_id = %(user_id)s::uuid and s.client_id = %(client_id)s::text
  and m.id = %(message_id)s::text and m.role = 'assistant'
on conflict (message_key) do update set rating = excluded.rating, reason = excluded.reason, created_at = now()
returning message_key
