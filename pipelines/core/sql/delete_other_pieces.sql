-- Drop the pieces of a lecture that were made another way. Nothing comes out.
delete from transcript_pieces where lecture_id = %(lecture_id)s::uuid and recipe <> %(recipe)s::text
