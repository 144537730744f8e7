-- name: choose
-- Keep how a person wants the page, of language and theme those that are `given`: as `get_person`.
update users
set language = case when 'language' = any(%(given)s::text[]) then %(language)s::text else language end,
    theme = case when 'theme' = any(%(given)s::text[]) then %(theme)s::text else theme end
where id = %(user_id)s::uuid
returning id, issuer, subject, name, email, operator, suspended_at is not null as suspended, language, theme,
       belongs_there(id) as former

-- name: claim_person
-- Who came over from a former deployment under this id, from now on known by this issuer and subject: as `get_person`. No row:
-- nobody did, or somebody has claimed them. One claim wins; each is written down.
with claimed as (
    update adopted_people set claimed_at = now() where user_id = %(former_id)s::uuid and claimed_at is null returning user_id
),
known as (
    update users u set issuer = %(issuer)s::text, subject = %(subject)s::text, name = coalesce(%(name)s::text, u.name),
                       email = coalesce(%(email)s::text, u.email)
    from claimed where u.id = claimed.user_id and u.issuer is null
    returning u.id, u.issuer, u.subject, u.name, u.email, u.operator, u.suspended_at is not null as suspended, u.language,
              u.theme, belongs_there(u.id) as former
),
noted as (select note_event('person.claimed', id, null, %(issuer)s::text) from known)
select known.* from known, noted

-- name: find_person
-- The person of this issuer and subject: id, issuer, subject, name, email, operator, suspended, language, theme, former. No row: never seen.
select id, issuer, subject, name, email, operator, suspended_at is not null as suspended, language, theme,
       belongs_there(id) as former
from users where issuer = %(issuer)s::text and subject = %(subject)s::text

-- name: get_person
-- One person: id, issuer, subject, name, email, operator, suspended, language, theme, former.
select id, issuer, subject, name, email, operator, suspended_at is not null as suspended, language, theme,
       belongs_there(id) as former
from users where id = %(user_id)s::uuid

-- name: put_person
-- The person of this issuer and subject, made or brought up to date; null leaves what is known. The row as found after.
insert into users (issuer, subject, name, email)
values (%(issuer)s::text, %(subject)s::text, %(name)s::text, %(email)s::text)
on conflict (issuer, subject) do update
set name = coalesce(excluded.name, users.name), email = coalesce(excluded.email, users.email)
returning id, issuer, subject, name, email, operator, suspended_at is not null as suspended, language, theme,
       belongs_there(id) as former
