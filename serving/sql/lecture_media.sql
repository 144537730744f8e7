-- The recording of a lecture: media_sha256, file_name. No row: no such lecture in this course, or captions only.
select media_sha256, file_name from lectures
where course_id = %(course_id)s::uuid and id = %(lecture_id)s::uuid and deleted_at is null and media_sha256 is not null
