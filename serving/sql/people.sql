-- name: choose
-- Keep how a person wants the page, of language and theme those that are `given`: as `get_person`.
update users
set language = case when 'language' = any(%(given)s::text[]) then %(language)s::text else language end,
    theme = case when 'theme' = any(%(given)s::text[]) then %(theme)s::text else theme end
where id = %(user_id)s::uuid
returning id, issuer, subject, name, email, operator, suspended_at is not null as suspended, language, theme

-- name: find_person
-- The person of this issuer and subject: id, issuer, subject, name, email, operator, suspended, language, theme. No row: never seen.
select id, issuer, subject, name, email, operator, suspended_at is not null as suspended, language, theme
from users where issuer = %(issuer)s::text and subject = %(subject)s::text

-- name: get_person
-- One person: id, issuer, subject, name, email, operator, suspended, language, theme.
select id, issuer, subject, name, email, operator, suspended_at is not null as suspended, language, theme
from users where id = %(user_id)s::uuid

-- name: put_person
-- The person of this issuer and subject, made or brought up to date; null leaves what is known. The row as found after.
insert into users (issuer, subject, name, email)
values (%(issuer)s::text, %(subject)s::text, %(name)s::text, %(email)s::text)
on conflict (issuer, subject) do update
set name = coalesce(excluded.name, users.name), email = coalesce(excluded.email, users.email)
returning id, issuer, subject, name, email, operator, suspended_at is not null as suspended, language, theme
