-- Keep the answer a run made and date its chat. Rows touched: 1, or 0 when the chat was deleted.
with written as (
    update chat_messages
    set status = %(status)s::text, error_code = %(error_code)s::text, content = %(content)s::text,
        parts = %(parts)s::jsonb, metadata = metadata || %(metadata)s::jsonb
    where key = %(message_key)s::uuid
    returning session_id
)
update chat_sessions set updated_at = now() from written where id = written.session_id
