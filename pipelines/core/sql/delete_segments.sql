-- Drop a lecture's segments before the new ones are written. Nothing comes out.
delete from transcript_segments where course_id = %(course_id)s::uuid and lecture_id = %(lecture_id)s::uuid
