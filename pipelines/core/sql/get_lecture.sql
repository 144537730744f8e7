-- One lecture that is not deleted. No row: it is not there.
select id, course_id, title, file_name, source_name, media_sha256, captions_sha256, captions_name, byte_count, generation,
       language, prefer_speech, duration_ms, deleted_at,
       case when failed_generation = generation then failure_code end as failure_code,
       case when failed_generation = generation then failure end as failure
from lectures where id = %(lecture_id)s::uuid and deleted_at is null
