-- Drop a document's slides (and with them their descriptions) before the new ones are written.
delete from slides where course_id = %(course_id)s::uuid and document_id = %(document_id)s::uuid
