-- Write one slide of a document.
insert into slides
    (course_id, document_id, page, page_label, title, body, furniture, section, text_source, junk_chars, frame_group,
     image_sha256, width_pt, height_pt, source_sha256, code_version)
values (%(course_id)s::uuid, %(document_id)s::uuid, %(page)s::integer, %(page_label)s::text, %(title)s::text,
        %(body)s::text, %(furniture)s::text, %(section)s::text, %(text_source)s::text, %(junk_chars)s::integer,
        %(frame_group)s::integer, %(image_sha256)s::text, %(width_pt)s::real, %(height_pt)s::real,
        %(source_sha256)s::text, %(code_version)s::text)
