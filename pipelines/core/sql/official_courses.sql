-- name: archive_vanished_courses
-- Courses that the official list has no more are over. Nothing comes out.
update courses set archived_at = coalesce(archived_at, now()), vanished_at = now()
where official_key = any(%(keys)s::text[]) and deleted_at is null

-- name: insert_official_course
-- Make a course of the official list, open to all. Nothing comes out.
insert into courses (official_key, name, code, term, instructor, language, open)
values (%(key)s::text, %(name)s::text, %(code)s::text, %(term)s::text, %(instructor)s::text, %(language)s::text, true)

-- name: list_official_courses
-- Courses that came from the official list: official_key, name, code, term, instructor, language, vanished (it has them no
-- more).
select official_key, name, code, term, instructor, language, vanished_at is not null as vanished
from courses where official_key is not null and deleted_at is null
order by name, official_key

-- name: lock_official_courses
-- Syncs take turns until the transaction ends. One row, nothing in it.
select pg_advisory_xact_lock(7301925034::bigint)

-- name: update_official_course
-- Write what the list says of a course of its; one that had vanished is under way again. Nothing comes out.
update courses set name = %(name)s::text, code = %(code)s::text, term = %(term)s::text,
    instructor = %(instructor)s::text, language = %(language)s::text,
    archived_at = case when vanished_at is null then archived_at end, vanished_at = null
where official_key = %(key)s::text and deleted_at is null
