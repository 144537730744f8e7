-- name: get_my_course
-- One course if this person belongs to it: id, name, language, role. No row: not there, or not theirs.
select c.id, c.name, c.language, m.role
from user_courses m join courses c on c.id = m.course_id
where m.user_id = %(user_id)s::uuid and m.course_id = %(course_id)s::uuid and c.deleted_at is null

-- name: join_all_courses
-- The local user owns every course of this machine. Rows touched: memberships that were missing.
insert into user_courses (user_id, course_id, role)
select %(user_id)s::uuid, id, 'owner' from courses where deleted_at is null
on conflict do nothing

-- name: list_my_courses
-- Courses this person belongs to, by name: id, name, language, role.
select c.id, c.name, c.language, m.role
from user_courses m join courses c on c.id = m.course_id
where m.user_id = %(user_id)s::uuid and c.deleted_at is null
order by c.name
