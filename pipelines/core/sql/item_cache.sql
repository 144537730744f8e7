-- name: forget_items
-- Forget paid work about those of these pictures that no slide shows any more. Nothing comes out.
delete from item_cache c
where c.picture_sha256 = any(%(pictures)s::text[])
  and not exists (select 1 from slides s where s.image_sha256 = c.picture_sha256)

-- name: get_cached_items
-- Paid work already done: key, value, for those keys that are known.
select key, value from item_cache where kind = %(kind)s::text and key = any(%(keys)s::bytea[])

-- name: put_cached_item
-- Keep one piece of paid work; the first result for a key stays.
insert into item_cache (kind, key, value, picture_sha256)
values (%(kind)s::text, %(key)s::bytea, %(value)s::jsonb, %(picture_sha256)s::text)
on conflict (kind, key) do nothing

-- name: sweep_items
-- Forget paid work older than `older_than_s` seconds about pictures that no slide shows. Nothing comes out.
delete from item_cache c
where c.created_at < now() - make_interval(secs => %(older_than_s)s::double precision)
  and not exists (select 1 from slides s where s.image_sha256 = c.picture_sha256)
