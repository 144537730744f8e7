-- Give a large course its own approximate index in one set. One row, nothing in it.
select ai.add_course_index(%(set_id)s::integer, %(course_id)s::uuid, %(dims)s::integer)
