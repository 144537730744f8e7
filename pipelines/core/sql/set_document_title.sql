-- The deck's own title, once it has been read.
update documents set title = %(title)s::text where id = %(document_id)s::uuid
