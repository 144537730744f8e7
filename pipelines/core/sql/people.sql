-- name: enrol_person
-- Make a person a member in this role, or give a member this role. Nothing comes out.
insert into user_courses (user_id, course_id, role) values (%(user_id)s::uuid, %(course_id)s::uuid, %(role)s::text)
on conflict (user_id, course_id) do update set role = excluded.role

-- name: find_people
-- People that these words name, by id, else by email, else by subject, else by name: as `list_people`.
with said as (
    select id, case when id::text = lower(%(said)s::text) then 1
                    when lower(email) = lower(%(said)s::text) then 2
                    when subject = %(said)s::text then 3
                    when lower(name) = lower(%(said)s::text) then 4 end as how
    from users
)
select u.id, u.issuer, u.subject, u.name, u.email, u.operator, u.suspended_at, u.created_at,
       (select count(*) from user_courses m where m.user_id = u.id) as courses,
       k.uploads, k.byte_count
from said s join users u on u.id = s.id
cross join lateral (
    select count(*) as uploads, coalesce(sum(byte_count), 0)::bigint as byte_count
    from (select owner_id, byte_count, deleted_at from documents union all
          select owner_id, byte_count, deleted_at from lectures) f
    where f.owner_id = u.id and f.deleted_at is null
) k
where s.how = (select min(how) from said)
order by u.created_at, u.id

-- name: list_people
-- People whose name, email or subject says these words (empty: all), by name: id, issuer, subject, name, email, operator,
-- suspended_at, created_at, courses, uploads, byte_count.
with kept as (
    select owner_id, count(*) as uploads, sum(byte_count)::bigint as byte_count
    from (select owner_id, byte_count from documents where deleted_at is null union all
          select owner_id, byte_count from lectures where deleted_at is null) f
    group by owner_id
),
joined as (select user_id, count(*) as courses from user_courses group by user_id)
select u.id, u.issuer, u.subject, u.name, u.email, u.operator, u.suspended_at, u.created_at,
       coalesce(j.courses, 0) as courses, coalesce(k.uploads, 0) as uploads, coalesce(k.byte_count, 0) as byte_count
from users u left join kept k on k.owner_id = u.id left join joined j on j.user_id = u.id
where position(lower(%(words)s::text) in lower(concat_ws(' ', u.name, u.email, u.subject))) > 0
order by u.name nulls last, u.email nulls last, u.subject, u.id

-- name: lock_course_owners
-- The owners of a course, none of whom leaves before this transaction ends: user_id.
select user_id from user_courses where course_id = %(course_id)s::uuid and role = 'owner' order by user_id for update

-- name: make_operator
-- Say whether a person may use what is for operators. Nothing comes out.
update users set operator = %(operator)s::boolean where id = %(user_id)s::uuid

-- name: remove_person
-- End a membership. A row (the person's id) when there was one.
delete from user_courses where user_id = %(user_id)s::uuid and course_id = %(course_id)s::uuid returning user_id

-- name: suspend_person
-- Suspend a person from now on, or let them in again. Nothing comes out.
update users set suspended_at = case when %(suspended)s::boolean then coalesce(suspended_at, now()) end
where id = %(user_id)s::uuid


-- name: make_ticket
-- A ticket that is good for so long. Nothing comes out.
insert into sign_in_tickets (hash, ends_at)
values (%(hash)s::bytea, now() + make_interval(secs => %(life_s)s::float8))


-- name: become
-- First statement of every transaction: whose it is, of which course ('': of all), in which schemas our tables are, and for
-- which trace (''; of nobody), until it ends and no longer. One row: the five values.
select set_config('role', %(role)s::text, true), set_config('studybuddy.person', %(person)s::text, true),
       set_config('studybuddy.course', %(course)s::text, true), set_config('search_path', %(path)s::text, true),
       set_config('studybuddy.trace', %(trace)s::text, true)

-- name: list_access_tokens
-- Tokens of this person (null: of everybody), newest first: id, user_id, name, scopes, created_at, expires_at, used_at.
select id, user_id, name, scopes, created_at, expires_at, used_at from access_tokens
where %(user_id)s::uuid is null or user_id = %(user_id)s::uuid
order by created_at desc, id

-- name: make_access_token
-- A new token, if this person has fewer than they may: id. No row: they have as many as they may.
insert into access_tokens (user_id, name, hash, scopes, expires_at)
select %(user_id)s::uuid, %(name)s::text, %(hash)s::bytea, %(scopes)s::text[], %(expires_at)s::timestamptz
where (select count(*) from access_tokens where user_id = %(user_id)s::uuid) < %(most)s::int
returning id

-- name: delete_access_token
-- Ends a token of this person (null: whoever's it is): its id. No row: it is not theirs, or not there.
delete from access_tokens
where id = %(id)s::uuid and (%(user_id)s::uuid is null or user_id = %(user_id)s::uuid)
returning id
