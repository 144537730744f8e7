-- name: hold_removals
-- Until the transaction ends nobody removes a stored file; waits for who is at it. A lock of the transaction, so that a
-- pooler may stand between.
select pg_advisory_xact_lock(7301925002)

-- name: may_remove_files
-- Whether stored files may be removed in this transaction: no backup is being made, and none begins before it ends.
select pg_try_advisory_xact_lock_shared(7301925002)

-- name: export_snapshot
-- The name of this transaction's view of the database, under which another connection sees the same.
select pg_export_snapshot()

-- name: count_tables
-- How many tables, in these schemas, there are.
select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and n.nspname = any(%(schemas)s::text[])

-- name: list_roles
-- The roles that rights in a dump are given to: role, there (a server has a role once, so another database may have made
-- it), ours (this user may take it).
select role, r.oid is not null, coalesce(pg_has_role(r.oid, 'member'), false)
from unnest(array['studybuddy_app', 'studybuddy_pipeline']) as role left join pg_roles r on r.rolname = role
