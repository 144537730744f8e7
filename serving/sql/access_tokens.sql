-- name: find_access_token
-- Whose token this is, and its use noted if the last note is old: user_id, subject, operator, suspended, former, scopes, left_s
-- (null: no end). No row: no such token, or not any more.
with found as (
    select t.id as token_id, t.used_at, t.scopes, t.expires_at, u.id, u.subject, u.operator, u.suspended_at
    from access_tokens t join users u on u.id = t.user_id
    where t.hash = %(hash)s::bytea and u.issuer = %(issuer)s::text
      and (t.expires_at is null or t.expires_at > now())
), noted as (
    update access_tokens t set used_at = now() from found f
    where t.id = f.token_id
      and (f.used_at is null or f.used_at < now() - make_interval(secs => %(note_s)s::float8))
)
select id as user_id, subject, operator, suspended_at is not null as suspended, belongs_there(id) as former, scopes,
       extract(epoch from expires_at - now())::float8 as left_s
from found
