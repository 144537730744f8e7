-- Drop what is known of a lecture's slides before it is written anew: spans, and decks that were only proposed.
with proposals as (delete from lecture_documents where lecture_id = %(lecture_id)s::uuid and not given)
delete from lecture_slides where course_id = %(course_id)s::uuid and lecture_id = %(lecture_id)s::uuid
