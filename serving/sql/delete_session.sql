-- Delete a chat with all its branches. One row (id): it was there. A run in progress goes with it.
delete from chat_sessions
where user_id = %(user_id)s::uuid and client_id = %(client_id)s::text
returning id
