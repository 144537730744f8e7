-- The course of this id: id, name, language. No row: there is none.
select id, name, language from courses where id = %(course_id)s::uuid
