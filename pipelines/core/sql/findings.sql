-- name: delete_findings
-- Drop what was found in a deck or lecture before.
delete from findings
where document_id = %(document_id)s::uuid or lecture_id = %(lecture_id)s::uuid

-- name: insert_finding
-- Write one finding of a deck or lecture (the other of both ids is null).
insert into findings (course_id, document_id, lecture_id, ordinal, page, start_ms, end_ms, code, sentence, source_sha256)
values (%(course_id)s::uuid, %(document_id)s::uuid, %(lecture_id)s::uuid, %(ordinal)s::integer, %(page)s::integer,
        %(start_ms)s::integer, %(end_ms)s::integer, %(code)s::text, %(sentence)s::text, %(source_sha256)s::text)

-- name: list_findings
-- What was found in the newest upload of a deck or lecture, in order: code, sentence, page, start_ms, end_ms.
select code, sentence, page, start_ms, end_ms
from findings
where (document_id = %(document_id)s::uuid or lecture_id = %(lecture_id)s::uuid)
  and source_sha256 = %(source_sha256)s::text
order by ordinal
