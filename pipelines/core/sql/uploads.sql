-- name: list_material_files
-- File names of every deck and lecture of a course (of a lecture the recording's and the captions'): file_name.
select file_name from documents where course_id = %(course_id)s::uuid and deleted_at is null
union
select file_name from lectures where course_id = %(course_id)s::uuid and deleted_at is null
union
select captions_name from lectures
where course_id = %(course_id)s::uuid and deleted_at is null and captions_name is not null

-- name: list_used_files
-- Which of these files some row still uses: sha256.
select sha256 from documents where sha256 = any(%(names)s::text[])
union
select image_sha256 from slides where image_sha256 = any(%(names)s::text[])
union
select media_sha256 from lectures where media_sha256 = any(%(names)s::text[])
union
select captions_sha256 from lectures where captions_sha256 = any(%(names)s::text[])
union
select audio_sha256 from lecture_audio where audio_sha256 = any(%(names)s::text[])
