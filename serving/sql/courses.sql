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


-- name: count_invitations
-- How many invitations of a course may still let somebody in: invitations.
select count(*) as invitations from invitations
where course_id = %(course_id)s::uuid and revoked_at is null and (expires_at is null or expires_at > now())
  and (uses_left is null or uses_left > 0)

-- name: enter_course
-- Who asks comes in with the invitation of this code, and keeps a higher role: course_id, ended (nobody may come in with it
-- any more). No row: there is no such code, or its course was deleted.
select course_id, ended from enter_course(%(code_hash)s::text)

-- name: insert_invitation
-- Keep an invitation. One row: its id.
insert into invitations (course_id, code_hash, role, uses_left, expires_at, created_by)
values (%(course_id)s::uuid, %(code_hash)s::text, %(role)s::text, %(uses)s::integer, %(expires_at)s::timestamptz,
        %(user_id)s::uuid)
returning id

-- name: list_invitations
-- Invitations of a course that were not revoked, newest first: id, role, uses_left, expires_at, created_at.
select id, role, uses_left, expires_at, created_at from invitations
where course_id = %(course_id)s::uuid and revoked_at is null
order by created_at desc, id

-- name: read_invitation
-- What the invitation of this code leads to: course_name, role, invited_by (null: not known), expires_at, joined_as (the
-- role of who asks; null: none). No row: there is no such code, or nobody comes in with it any more.
select course_name, role, invited_by, expires_at, joined_as from read_invitation(%(code_hash)s::text)

-- name: revoke_invitation
-- End an invitation to one of these roles. A row (its id) when the course has it.
update invitations set revoked_at = coalesce(revoked_at, now())
where id = %(invitation_id)s::uuid and course_id = %(course_id)s::uuid and role = any(%(roles)s::text[])
returning id
