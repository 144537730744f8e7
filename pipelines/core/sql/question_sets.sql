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

-- name: delete_proposed_question
-- Take back what was shared of an answer and that nobody has looked at. Nothing comes out.
delete from proposed_questions where message_key = %(message_key)s::uuid and state = 'waiting'

-- name: insert_proposed_question
-- Propose a question for a course. Rows touched: 1; 0 where the answer's is proposed already.
insert into proposed_questions (course_id, origin, question, places, rating, message_key, model, prompt_version)
values (%(course_id)s::uuid, %(origin)s::text, %(question)s::text, %(places)s::jsonb, %(rating)s::text,
        %(message_key)s::uuid, %(model)s::text, %(prompt_version)s::text)
on conflict (message_key) do nothing

-- name: list_proposed_questions
-- Questions of a course that nobody has looked at yet, oldest first: id, origin, question, places, rating, model,
-- prompt_version, proposed_at. Who shared one is not told.
select id, origin, question, places, rating, model, prompt_version, proposed_at from proposed_questions
where course_id = %(course_id)s::uuid and state = 'waiting'
order by proposed_at, id
limit %(limit)s::integer

-- name: settle_proposed_questions
-- Remember what became of proposals that wait: id of each that did, with its origin, question and places.
update proposed_questions set state = %(state)s::text, reviewed_at = now()
where id = any(%(ids)s::uuid[]) and course_id = %(course_id)s::uuid and state = 'waiting'
returning id, origin, question, places, rating, model, prompt_version, proposed_at

-- name: list_drafted_from
-- Passages of a course that no question is about yet, in an order that `seed` gives: kind, file_name, page, start_ms, end_ms,
-- title, content. Only what is the course's and students may see.
select c.kind, u.file_name, c.page, c.start_ms, c.end_ms, c.title, c.content
from chunks c
join (
    select id, file_name from documents
    where course_id = %(course_id)s::uuid and deleted_at is null and published and (release_at is null or release_at <= now())
    union all
    select id, file_name from lectures
    where course_id = %(course_id)s::uuid and deleted_at is null and published and (release_at is null or release_at <= now())
) u on u.id = c.source_id
where c.course_id = %(course_id)s::uuid and c.chunker = 'standard' and c.kind = any(%(kinds)s::text[])
  and c.token_count >= %(tokens)s::integer
  and not exists (
    select from proposed_questions p where p.course_id = c.course_id and p.origin = 'draft'
      and p.places @> jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
          'file', u.file_name, 'page', c.page, 'startMs', c.start_ms))))
order by md5(c.id::text || %(seed)s::text)
limit %(limit)s::integer

-- name: insert_notebook_result
-- Keep an evaluation that was made in a notebook: id.
insert into notebook_results (course_id, set_name, notebook, parameters, figures)
values (%(course_id)s::uuid, %(set_name)s::text, %(notebook)s::text, %(parameters)s::jsonb, %(figures)s::jsonb)
returning id

-- name: list_untold_notebook_results
-- Evaluations from notebooks that no Dagster run has shown yet, oldest first: id.
select id from notebook_results where told_at is null order by saved_at limit %(limit)s::integer

-- name: find_notebook_result
-- One of them: id, course_id, course, set_name, notebook, parameters, figures. No row: its course was deleted.
select n.id, n.course_id, c.name as course, n.set_name, n.notebook, n.parameters, n.figures
from notebook_results n join courses c on c.id = n.course_id
where n.id = %(id)s::uuid

-- name: note_notebook_result_told
-- A Dagster run has shown it. Nothing comes out.
update notebook_results set told_at = now() where id = %(id)s::uuid
