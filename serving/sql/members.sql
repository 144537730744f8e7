-- name: list_members
-- Who belongs to a course, teachers first: user_id, name, email (null: not known), role, joined_at.
select m.user_id, p.name, p.email, m.role, m.created_at as joined_at
from user_courses m join users p on p.id = m.user_id
where m.course_id = %(course_id)s::uuid
order by array_position(array['owner', 'teacher', 'student'], m.role), p.name nulls last, m.user_id

-- name: lock_owners
-- The owners of a course, none of whom leaves before this transaction ends: user_id.
select user_id from user_courses where course_id = %(course_id)s::uuid and role = 'owner' order by user_id for update

-- name: set_role
-- Give a member another role. A row (the person's id) when they belong to the course.
update user_courses set role = %(role)s::text
where user_id = %(user_id)s::uuid and course_id = %(course_id)s::uuid
returning user_id

-- name: delete_member
-- End a membership. A row (the person's id) when there was one.
delete from user_courses where user_id = %(user_id)s::uuid and course_id = %(course_id)s::uuid returning user_id
