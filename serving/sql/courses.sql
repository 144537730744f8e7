-- name: get_my_course
-- One course if this person belongs to it: id, name, language, code, term, instructor, open, students_add_lectures,
-- archived, role. No row: not there, or not theirs.
select c.id, c.name, c.language, c.code, c.term, c.instructor, c.open, c.students_add_lectures,
       c.archived_at is not null as archived, m.role
from user_courses m join courses c on c.id = m.course_id
where m.user_id = %(user_id)s::uuid and m.course_id = %(course_id)s::uuid and c.deleted_at is null

-- name: join_all_courses
-- The local person, if it is they who ask, owns every course of this machine. One row, nothing in it.
select join_local_person()

-- name: join_open_course
-- Make who asks a student of a course that is open to all; whoever belongs to it stays what they are. One row, nothing in it.
select join_open_course(%(course_id)s::uuid)

-- name: list_my_courses
-- Courses this person belongs to, by name: as `get_my_course`.
select c.id, c.name, c.language, c.code, c.term, c.instructor, c.open, c.students_add_lectures,
       c.archived_at is not null as archived, m.role
from user_courses m join courses c on c.id = m.course_id
where m.user_id = %(user_id)s::uuid and c.deleted_at is null
order by c.name, c.id

-- name: list_open_courses
-- Courses open to all that say these words (empty: all), by name: id, name, language, code, term, instructor, role (null:
-- this person does not belong to it).
select c.id, c.name, c.language, c.code, c.term, c.instructor, m.role
from courses c left join user_courses m on m.course_id = c.id and m.user_id = %(user_id)s::uuid
where c.open and c.archived_at is null and c.deleted_at is null
  and position(lower(%(words)s::text) in lower(concat_ws(' ', c.code, c.name, c.term, c.instructor))) > 0
order by c.name, c.term desc nulls last, c.id
limit %(limit)s::integer

-- name: make_course
-- Make a course that who asks owns. One row: its id; null: they may not any more.
select make_course(%(name)s::text, %(language)s::text, %(code)s::text, %(term)s::text, %(instructor)s::text,
                   %(open)s::boolean, %(students_add_lectures)s::boolean) as id

-- name: update_course
-- Write what a course says of itself. A row (the id) when it was there.
update courses set name = %(name)s::text, language = %(language)s::text, code = %(code)s::text, term = %(term)s::text,
    instructor = %(instructor)s::text, open = %(open)s::boolean,
    students_add_lectures = %(students_add_lectures)s::boolean,
    archived_at = case when %(archived)s::boolean then coalesce(archived_at, now()) end
where id = %(course_id)s::uuid and deleted_at is null
returning id
