-- name: find_partition_upload
-- The upload, deleted ones too, that has this key in Dagster: id. No row: none has.
select id from documents where partition_key = %(partition_key)s::text
union all
select id from lectures where partition_key = %(partition_key)s::text

-- name: list_partition_keys
-- Keys in Dagster of these decks and lectures, deleted ones too: id, partition_key.
select id, partition_key from documents where id = any(%(upload_ids)s::uuid[])
union all
select id, partition_key from lectures where id = any(%(upload_ids)s::uuid[])
