-- name: count_requests
-- Take requests out of people's buckets, which hold `most` and fill again in a minute. One row a person who is there:
-- user_id, held (below 1: no more may be let in).
insert into request_buckets as b (user_id, held)
select u.id, %(most)s::float8 - s.requests
from unnest(%(user_ids)s::uuid[], %(requests)s::integer[]) as s (user_id, requests) join users u on u.id = s.user_id
order by u.id
on conflict (user_id) do update set
    held = least(%(most)s::float8,
                 b.held + greatest(0, extract(epoch from now() - b.filled_at)) * %(most)s::float8 / 60)
           - (%(most)s::float8 - excluded.held),
    filled_at = now()
returning user_id, held

-- name: forget_requests
-- Remove buckets that are full again. Nothing comes out.
delete from request_buckets where filled_at < now() - interval '10 minutes'


-- name: ready
-- Is the schema there, and what should an operator know? One row: version (number of the newest migration), weak_sandbox
-- (a machine reads strangers' files without a required guard, because a setting accepts that).
select max(version) as version, exists (select 1 from weak_sandboxes) as weak_sandbox from schema_migrations

-- name: versions
-- Of the database: server (PostgreSQL's version) and schema (the number of the newest migration), both as text.
select current_setting('server_version') as server, max(version)::text as schema from schema_migrations
