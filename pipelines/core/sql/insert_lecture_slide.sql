-- Write from when to when a page was up in a lecture. Nothing comes out.
insert into lecture_slides (course_id, lecture_id, start_ms, end_ms, document_id, page, confidence)
values (%(course_id)s::uuid, %(lecture_id)s::uuid, %(start_ms)s::integer, %(end_ms)s::integer,
        %(document_id)s::uuid, %(page)s::integer, %(confidence)s::double precision)
