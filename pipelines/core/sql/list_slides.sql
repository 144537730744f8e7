-- A document's slides in page order: the columns of records.Slide, then source_sha256.
select page, page_label, title, body, furniture, section, text_source, junk_chars, frame_group, image_sha256,
       width_pt, height_pt, source_sha256
from slides
where course_id = %(course_id)s::uuid and document_id = %(document_id)s::uuid
order by page
