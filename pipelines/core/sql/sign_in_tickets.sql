-- name: make_ticket
-- A ticket that is good for so long. Nothing comes out.
insert into sign_in_tickets (hash, ends_at)
values (%(hash)s::bytea, now() + make_interval(secs => %(life_s)s::float8))
