-- name: delete_course
-- Set the tombstone, waiting for uploads that are being recorded. A row (the id) only when the course was there.
update courses set deleted_at = now() where id = %(course_id)s::uuid and deleted_at is null returning id

-- name: find_courses
-- Courses of this name, oldest first: id, name, language.
select id, name, language from courses where name = %(name)s::text and deleted_at is null order by created_at, id

-- name: get_course
-- The course of this id: id, name, language. No row: there is none.
select id, name, language from courses where id = %(course_id)s::uuid and deleted_at is null

-- name: insert_course
-- Make a course. One row: id, name, language.
insert into courses (name, language) values (%(name)s::text, %(language)s::text) returning id, name, language

-- name: list_course_sizes
-- Every course by name: id, name, decks, lectures, failed (uploads whose newest generation failed).
select c.id, c.name, coalesce(d.uploads, 0) as decks, coalesce(l.uploads, 0) as lectures,
       coalesce(d.failed, 0) + coalesce(l.failed, 0) as failed
from courses c
left join (
    select course_id, count(*) as uploads, count(*) filter (where failed_generation = generation) as failed
    from documents where deleted_at is null group by course_id
) d on d.course_id = c.id
left join (
    select course_id, count(*) as uploads, count(*) filter (where failed_generation = generation) as failed
    from lectures where deleted_at is null group by course_id
) l on l.course_id = c.id
where c.deleted_at is null
order by c.name

-- name: list_courses
-- Every course by name: id, name, language.
select id, name, language from courses where deleted_at is null order by name

-- name: lock_course_name
-- Two transactions that look for a course of this name, to make it where it is missing, take turns. One row, nothing in it.
select pg_advisory_xact_lock(hashtextextended(%(name)s::text, 21))

-- name: lock_course
-- Nobody records an upload in the course until the transaction ends. A row (the id) when it is there.
select id from courses where id = %(course_id)s::uuid and deleted_at is null for update

-- name: purge_course
-- Remove a deleted course that holds no upload any more. Nothing comes out.
delete from courses c where id = %(course_id)s::uuid and deleted_at is not null
  and not exists (select 1 from documents where course_id = c.id)
  and not exists (select 1 from lectures where course_id = c.id)

-- name: rename_course
-- Give a course another name. One row: id, name, language; none when it was deleted.
update courses set name = %(name)s::text where id = %(course_id)s::uuid and deleted_at is null
returning id, name, language


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
