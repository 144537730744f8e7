-- name: insert_question_set
-- Keep these lines as the course's next version: version, file_name, lines, imported_at. No row: the newest version has
-- the very same lines.
insert into question_sets (course_id, version, file_name, lines)
select %(course_id)s::uuid, coalesce(max(version), 0) + 1, %(file_name)s::text, %(lines)s::text[]
from question_sets where course_id = %(course_id)s::uuid
having (array_agg(lines::text order by version desc))[1] is distinct from (%(lines)s::text[])::text
returning version, file_name, lines, imported_at

-- name: list_extents
-- How far each file of a course reaches, files of one name together: kind, file_name, reach (pages of a deck, milliseconds
-- of a lecture; null: not known yet). Captions are files of their lecture.
select 'slide' as kind, d.file_name, max(s.page) as reach
from documents d left join slides s on s.course_id = d.course_id and s.document_id = d.id
where d.course_id = %(course_id)s::uuid and d.deleted_at is null
group by d.file_name
union all
select 'speech', f.file_name, max(coalesce(l.duration_ms, t.duration_ms))
from lectures l
left join transcripts t on t.lecture_id = l.id
cross join unnest(array[l.file_name, l.captions_name]) as f (file_name)
where l.course_id = %(course_id)s::uuid and l.deleted_at is null and f.file_name is not null
group by f.file_name

-- name: list_question_sets
-- Every version of a course's questions, newest first: version, file_name, lines, imported_at.
select version, file_name, lines, imported_at from question_sets
where course_id = %(course_id)s::uuid
order by version desc
