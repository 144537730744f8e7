-- name: get_cached_items
-- Paid work already done: key, value, for those keys that are known.
select key, value from item_cache where kind = %(kind)s::text and key = any(%(keys)s::bytea[])

-- name: put_cached_item
-- Keep one piece of paid work; the first result for a key stays.
insert into item_cache (kind, key, value) values (%(kind)s::text, %(key)s::bytea, %(value)s::jsonb)
on conflict (kind, key) do nothing
