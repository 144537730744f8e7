-- Every lecture of a course that is not deleted, by name.
select id, course_id, title, file_name, source_name, media_sha256, captions_sha256, captions_name, byte_count, generation,
       language, prefer_speech, duration_ms, deleted_at,
       case when failed_generation = generation then failure_code end as failure_code,
       case when failed_generation = generation then failure end as failure
from lectures where course_id = %(course_id)s::uuid and deleted_at is null
order by source_name
