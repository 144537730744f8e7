-- Take a rating back. Rows touched: 1 when there was one.
delete from chat_feedback f using chat_messages m, chat_sessions s
where f.message_key = m.key and s.id = m.session_id and m.id = %(message_id)s::text
  and s.user_id = %(user_id)s::uuid and s.client_id = %(client_id)s::text
