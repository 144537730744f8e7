-- One course if this person belongs to it: id, name, language, role. No row: not there, or not his.
select c.id, c.name, c.language, m.role
from user_courses m join courses c on c.id = m.course_id
where m.user_id = %(user_id)s::uuid and m.course_id = %(course_id)s::uuid
