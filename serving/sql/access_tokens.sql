-- name: find_access_token
-- Whose token this is, and its use noted if the last note is old: user_id, subject, operator, suspended, scopes, left_s (null: no
-- end). No row: no such token, or not any more.
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
select id as user_id, subject, operator, suspended_at is not null as suspended, scopes,
       extract(epoch from expires_at - now())::float8 as left_s
from found

-- name: list_access_tokens
-- Tokens of this person, newest first: id, name, scopes, created_at, expires_at, used_at.
select id, name, scopes, created_at, expires_at, used_at from access_tokens
where user_id = %(user_id)s::uuid order by created_at desc, id

-- name: make_access_token
-- A new token, if this person has fewer than they may: id. No row: they have as many as they may.
insert into access_tokens (user_id, name, hash, scopes, expires_at)
select %(user_id)s::uuid, %(name)s::text, %(hash)s::bytea, %(scopes)s::text[], %(expires_at)s::timestamptz
where (select count(*) from access_tokens where user_id = %(user_id)s::uuid) < %(most)s::int
returning id

-- name: delete_access_token
-- Ends a token of this person: its id. No row: it is not theirs, or not there.
delete from access_tokens where id = %(id)s::uuid and user_id = %(user_id)s::uuid returning id
