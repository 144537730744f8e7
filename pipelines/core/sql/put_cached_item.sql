-- Keep one piece of paid work; the first result for a key stays.
insert into item_cache (kind, key, value) values (%(kind)s::text, %(key)s::bytea, %(value)s::jsonb)
on conflict (kind, key) do nothing
