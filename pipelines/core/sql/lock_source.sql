-- Two runs that replace the chunks of one source take turns until the transaction ends. One row, nothing in it.
select pg_advisory_xact_lock(hashtextextended(%(source_id)s::uuid::text, 0))
