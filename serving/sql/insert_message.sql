-- Add a message under its parent (null: the first). One row: key, depth.
insert into chat_messages (session_id, id, parent_key, depth, role, status, content, parts, metadata)
values (%(session_id)s::uuid, %(id)s::text, %(parent_key)s::uuid,
        coalesce((select depth from chat_messages where key = %(parent_key)s::uuid), 0) + 1,
        %(role)s::text, %(status)s::text, %(content)s::text, %(parts)s::jsonb, %(metadata)s::jsonb)
returning key, depth
