-- Say that a lecture goes through a deck of its course. A row (the deck's id) when that was not said before.
insert into lecture_documents as k (lecture_id, document_id, given)
select l.id, d.id, true
from lectures l join documents d on d.course_id = l.course_id
where l.id = %(lecture_id)s::uuid and d.id = %(document_id)s::uuid and d.deleted_at is null
on conflict (lecture_id, document_id) do update set given = true where not k.given
returning document_id
