-- name: lecture_media
-- The recording of a lecture: media_sha256, file_name. No row: no such lecture in this course, or captions only.
select media_sha256, file_name from lectures
where course_id = %(course_id)s::uuid and id = %(lecture_id)s::uuid and deleted_at is null and media_sha256 is not null

-- name: slide_image
-- The rendered page of a deck: image_sha256. No row: no such page in this course, or not rendered yet.
select s.image_sha256 from slides s join documents d on d.id = s.document_id
where s.course_id = %(course_id)s::uuid and s.document_id = %(document_id)s::uuid and s.page = %(page)s::integer
  and d.deleted_at is null and s.image_sha256 is not null
