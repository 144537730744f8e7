-- Lectures of a course that were aligned without this upload of a deck and have no deck that a person gave: id.
select l.id
from lectures l join lecture_alignments a on a.lecture_id = l.id
where l.course_id = %(course_id)s::uuid and not %(sha256)s::text = any(a.deck_sha256s)
  and not exists (select 1 from lecture_documents k where k.lecture_id = l.id and k.given)
