-- name: use_sign_in
-- Notes that a sign-in came back: its id. No row: it came back before.
insert into used_sign_ins (id, ends_at) values (%(id)s::text, now() + make_interval(secs => %(life_s)s::float8))
on conflict do nothing returning id

-- name: use_ticket
-- Takes a ticket that is still good: its hash. No row: unknown, too old, or taken before.
delete from sign_in_tickets where hash = %(hash)s::bytea and ends_at > now() returning hash
