-- name: find_browser_session
-- Whose browser this is, and the use noted if the last note is old: user_id, subject, operator, suspended, former. No row: ended or none.
with found as (
    select s.hash, s.seen_at, u.id, u.subject, u.operator, u.suspended_at
    from browser_sessions s join users u on u.id = s.user_id
    where s.hash = %(hash)s::bytea and u.issuer = %(issuer)s::text and s.ends_at > now()
      and s.seen_at > now() - make_interval(secs => %(idle_s)s::float8)
), noted as (
    update browser_sessions s set seen_at = now() from found f
    where s.hash = f.hash and f.seen_at < now() - make_interval(secs => %(note_s)s::float8)
)
select id as user_id, subject, operator, suspended_at is not null as suspended, belongs_there(id) as former from found

-- name: start_browser_session
-- A new session of this person. Nothing comes out.
insert into browser_sessions (hash, user_id, ends_at)
values (%(hash)s::bytea, %(user_id)s::uuid, now() + make_interval(secs => %(life_s)s::float8))

-- name: end_browser_session
-- Ends one session: the ids of whose it was.
delete from browser_sessions where hash = %(hash)s::bytea returning user_id

-- name: end_browser_sessions
-- Ends every session of this person. Nothing comes out.
delete from browser_sessions where user_id = %(user_id)s::uuid

-- name: forget_sign_in
-- Removes what has ended: sessions, tickets and used sign-ins. Nothing comes out.
with sessions as (
    delete from browser_sessions
    where ends_at < now() or seen_at < now() - make_interval(secs => %(idle_s)s::float8)
), tickets as (
    delete from sign_in_tickets where ends_at < now()
)
delete from used_sign_ins where ends_at < now()


-- name: use_sign_in
-- Notes that a sign-in came back: its id. No row: it came back before.
insert into used_sign_ins (id, ends_at) values (%(id)s::text, now() + make_interval(secs => %(life_s)s::float8))
on conflict do nothing returning id

-- name: use_ticket
-- Takes a ticket that is still good: its hash. No row: unknown, too old, or taken before.
delete from sign_in_tickets where hash = %(hash)s::bytea and ends_at > now() returning hash
