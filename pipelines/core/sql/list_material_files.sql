-- File names of every deck and lecture of a course (of a lecture the recording's and the captions'): file_name.
select file_name from documents where course_id = %(course_id)s::uuid and deleted_at is null
union
select file_name from lectures where course_id = %(course_id)s::uuid and deleted_at is null
union
select captions_name from lectures
where course_id = %(course_id)s::uuid and deleted_at is null and captions_name is not null
