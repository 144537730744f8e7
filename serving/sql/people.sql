-- name: ensure_user
-- The user of this issuer and subject, made where missing. One row: id.
with made as (
    insert into users (issuer, subject) values (%(issuer)s::text, %(subject)s::text)
    on conflict (issuer, subject) do nothing
    returning id
)
select id from made
union all
select id from users where issuer = %(issuer)s::text and subject = %(subject)s::text
limit 1
