-- Propose a deck for a lecture; one a person gave stays given. Nothing comes out.
insert into lecture_documents (lecture_id, document_id, given, similarity)
values (%(lecture_id)s::uuid, %(document_id)s::uuid, false, %(similarity)s::double precision)
on conflict (lecture_id, document_id) do update set similarity = excluded.similarity
