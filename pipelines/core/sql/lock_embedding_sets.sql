-- Those who make or switch embedding sets take turns until the transaction ends. One row, nothing in it.
select pg_advisory_xact_lock(7301925002::bigint)
