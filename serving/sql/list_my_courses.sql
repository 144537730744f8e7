-- Courses this person belongs to, by name: id, name, language, role.
select c.id, c.name, c.language, m.role
from user_courses m join courses c on c.id = m.course_id
where m.user_id = %(user_id)s::uuid
order by c.name
