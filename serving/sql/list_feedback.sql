-- Ratings of these messages: message_key, rating, reason.
select message_key, rating, reason from chat_feedback where message_key = any(%(message_keys)s::uuid[])
