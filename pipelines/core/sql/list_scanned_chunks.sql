-- Which of these chunks show a slide whose text was recognised from its picture: id.
select c.id
from ai.slide_chunks_knowledge as c
join slides as s on s.course_id = c.course_id and s.document_id = c.document_id and s.page = c.page
where c.course_id = %(course_id)s::uuid and c.id = any(%(chunk_ids)s::uuid[]) and s.text_source = 'ocr'
