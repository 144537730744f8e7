-- name: ready
-- Is the schema there, and what should an operator know? One row: version (number of the newest migration), weak_sandbox
-- (a machine reads strangers' files without a required guard, because a setting accepts that).
select max(version) as version, exists (select 1 from weak_sandboxes) as weak_sandbox from schema_migrations

-- name: versions
-- Of the database: server (PostgreSQL's version) and schema (the number of the newest migration), both as text.
select current_setting('server_version') as server, max(version)::text as schema from schema_migrations
