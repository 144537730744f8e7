-- Every document of a course that is not deleted, by name.
select id, course_id, title, file_name, source_name, sha256, byte_count, generation, password_sealed, deleted_at,
       case when failed_generation = generation then failure_code end as failure_code,
       case when failed_generation = generation then failure end as failure
from documents where course_id = %(course_id)s::uuid and deleted_at is null
order by source_name
