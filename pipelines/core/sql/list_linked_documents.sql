-- The decks of a lecture that are not deleted, by name: document_id, given, similarity (null: not measured).
select k.document_id, k.given, k.similarity
from lecture_documents k join documents d on d.id = k.document_id and d.deleted_at is null
where k.lecture_id = %(lecture_id)s::uuid
order by d.source_name
