-- Which page was up when in a lecture, in order: start_ms, end_ms, document_id, page (both null: no slide), confidence.
select start_ms, end_ms, document_id, page, confidence
from lecture_slides where course_id = %(course_id)s::uuid and lecture_id = %(lecture_id)s::uuid
order by start_ms
