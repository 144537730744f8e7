-- Take a course's own index in one set away. One row, nothing in it.
select ai.drop_course_index(%(set_id)s::integer, %(course_id)s::uuid)
