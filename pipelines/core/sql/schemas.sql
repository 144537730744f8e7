-- name: find_available_vectors
-- A row where the server could install pgvector.
select 1 from pg_available_extensions where name = 'vector'

-- name: find_foreign_tables
-- Tables of the schemas `public` and `ai` that carry a name of ours, where no migration of ours was ever applied.
select case n.nspname when 'public' then c.relname else n.nspname || '.' || c.relname end
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f')
  and (n.nspname = 'public' and c.relname in ('users', 'courses', 'user_courses', 'documents', 'lectures', 'user_lectures')
       or n.nspname = 'ai' and c.relname in ('message_sources', 'slide_chunks_knowledge', 'lecture_chunks_knowledge')
       or n.nspname = 'public' and c.relname = 'schema_migrations' and not exists (
           select from pg_attribute a where a.attrelid = c.oid and a.attname = 'checksum' and not a.attisdropped))
order by n.nspname desc, c.relname

-- name: find_our_migrations
-- A row where the schema `public` has our table of migrations.
select 1 from pg_attribute
where attrelid = to_regclass('public.schema_migrations') and attname = 'checksum' and not attisdropped

-- name: find_vectors
-- The schema that pgvector's types are in, and its version. No row: the database has no pgvector.
select n.nspname, e.extversion from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'vector'

-- name: look_in
-- Find names without a schema here, until the transaction or the connection ends. One row: the path.
select set_config('search_path', %(path)s::text, %(transaction)s::boolean)

-- name: may_use_schema
-- Whether both roles of row security may name what is in this schema: one boolean.
select bool_and(has_schema_privilege(role, %(schema)s::text, 'usage'))
from unnest(array['studybuddy_app', 'studybuddy_pipeline']) role
