-- name: ready
-- Is the schema there, and what should an operator know? One row: version (number of the newest migration), weak_sandbox
-- (a machine reads strangers' files without a required guard, because a setting accepts that), lost (a secret is under a
-- master key which is none of `marks`).
select max(version) as version, exists (select 1 from weak_sandboxes) as weak_sandbox,
       exists (select 1 from model_keys where substring(sealed from 1 for 1) = '\x02'::bytea
               and substring(sealed from 1 for 9) <> all(%(marks)s::bytea[]))
       or exists (select 1 from documents where password_sealed is not null
                  and substring(password_sealed from 1 for 1) = '\x02'::bytea
                  and substring(password_sealed from 1 for 9) <> all(%(marks)s::bytea[])) as lost
from schema_migrations

-- name: versions
-- Of the database: server (PostgreSQL's version) and schema (the number of the newest migration), both as text.
select current_setting('server_version') as server, max(version)::text as schema from schema_migrations
