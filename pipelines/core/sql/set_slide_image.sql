-- Name the rendered picture of one slide, if the slide still comes from this upload.
update slides set image_sha256 = %(image_sha256)s::text
where course_id = %(course_id)s::uuid and document_id = %(document_id)s::uuid and page = %(page)s::integer
  and source_sha256 = %(source_sha256)s::text
