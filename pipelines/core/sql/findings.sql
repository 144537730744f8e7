-- name: delete_findings
-- Drop what was found in a deck or lecture before.
delete from findings
where document_id = %(document_id)s::uuid or lecture_id = %(lecture_id)s::uuid

-- name: insert_finding
-- Write one finding of a deck or lecture (the other of both ids is null).
insert into findings
    (course_id, document_id, lecture_id, ordinal, page, start_ms, end_ms, code, sentence, advice, source_sha256)
values (%(course_id)s::uuid, %(document_id)s::uuid, %(lecture_id)s::uuid, %(ordinal)s::integer, %(page)s::integer,
        %(start_ms)s::integer, %(end_ms)s::integer, %(code)s::text, %(sentence)s::text, %(advice)s::text,
        %(source_sha256)s::text)

-- name: list_findings
-- What was found in the newest upload of a deck or lecture, in order: code, sentence, advice, page, start_ms,
-- end_ms.
select code, sentence, advice, page, start_ms, end_ms
from findings
where (document_id = %(document_id)s::uuid or lecture_id = %(lecture_id)s::uuid)
  and source_sha256 = %(source_sha256)s::text
order by ordinal

-- name: list_course_findings
-- What was found in the newest uploads of every deck and lecture of a course, in order: upload_id, code, sentence, advice,
-- page, start_ms, end_ms, ordinal.
select d.id as upload_id, f.code, f.sentence, f.advice, f.page, f.start_ms, f.end_ms, f.ordinal
from findings f join documents d on d.id = f.document_id and d.sha256 = f.source_sha256
where f.course_id = %(course_id)s::uuid and d.deleted_at is null
union all
select l.id, f.code, f.sentence, f.advice, f.page, f.start_ms, f.end_ms, f.ordinal
from findings f
join lectures l on l.id = f.lecture_id and f.source_sha256 = case
    when l.captions_sha256 is null or (l.prefer_speech and l.media_sha256 is not null) then l.media_sha256
    else l.captions_sha256 end
where f.course_id = %(course_id)s::uuid and l.deleted_at is null
order by upload_id, ordinal
