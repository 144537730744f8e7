-- The lecture of a course, under another name, that holds exactly this recording or, where none is given, these
-- captions. No row: none does.
select id, course_id, title, file_name, source_name, media_sha256, captions_sha256, captions_name, byte_count, generation,
       language, prefer_speech, duration_ms, deleted_at,
       case when failed_generation = generation then failure_code end as failure_code,
       case when failed_generation = generation then failure end as failure
from lectures
where course_id = %(course_id)s::uuid and deleted_at is null
  and regexp_replace(source_name, '\.[^./]*$', '') <> regexp_replace(%(source_name)s::text, '\.[^./]*$', '')
  and case when %(media_sha256)s::text is not null then media_sha256 = %(media_sha256)s::text
           else captions_sha256 = %(captions_sha256)s::text end
order by created_at
limit 1
