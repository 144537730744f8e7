-- Paid work already done: key, value, for those keys that are known.
select key, value from item_cache where kind = %(kind)s::text and key = any(%(keys)s::bytea[])
