-- The local user owns every course of this machine. Rows touched: memberships that were missing.
insert into user_courses (user_id, course_id, role)
select %(user_id)s::uuid, id, 'owner' from courses
on conflict do nothing
