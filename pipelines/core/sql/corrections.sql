-- name: put_page_correction
-- Correct a page as it is now; a null heading or text stays as it was read. One row (the correction's id) when there is
-- such a page, none otherwise.
insert into corrections (course_id, document_id, page, title, text, read_title, read_text, source_sha256, corrected_by)
select s.course_id, s.document_id, s.page, %(title)s::text, %(text)s::text, s.title, s.body, s.source_sha256,
       %(person_id)s::uuid
from slides s
where s.course_id = %(course_id)s::uuid and s.document_id = %(upload_id)s::uuid and s.page = %(page)s::integer
on conflict (document_id, page) where document_id is not null do update set
    title = excluded.title, text = excluded.text, read_title = excluded.read_title, read_text = excluded.read_text,
    source_sha256 = excluded.source_sha256, corrected_by = excluded.corrected_by, corrected_at = now()
returning id

-- name: put_title_correction
-- Correct the title of a deck or a lecture as it is now. One row (the correction's id) when it is there, none otherwise.
insert into corrections (course_id, document_id, lecture_id, title, read_title, read_text, source_sha256, corrected_by)
select course_id, id, null, %(title)s::text, title, '', sha256, %(person_id)s::uuid
from documents where id = %(upload_id)s::uuid and deleted_at is null
union all
select course_id, null, id, %(title)s::text, title, '', coalesce(media_sha256, captions_sha256, ''), %(person_id)s::uuid
from lectures where id = %(upload_id)s::uuid and deleted_at is null
on conflict (coalesce(document_id, lecture_id)) where page is null and start_ms is null do update set
    title = excluded.title, read_title = excluded.read_title, source_sha256 = excluded.source_sha256,
    corrected_by = excluded.corrected_by, corrected_at = now()
returning id

-- name: put_segment_correction
-- Correct a line of a transcript as it is now, by its number (from 1). One row (the correction's id) when there is such a
-- line, none otherwise.
insert into corrections
    (course_id, lecture_id, start_ms, end_ms, text, read_title, read_text, source_sha256, corrected_by)
select g.course_id, g.lecture_id, g.start_ms, g.end_ms, %(text)s::text, '', g.text, t.source_sha256, %(person_id)s::uuid
from transcript_segments g join transcripts t on t.lecture_id = g.lecture_id
where g.course_id = %(course_id)s::uuid and g.lecture_id = %(upload_id)s::uuid
  and g.ordinal = %(number)s::integer - 1
on conflict (lecture_id, start_ms) where lecture_id is not null do update set
    end_ms = excluded.end_ms, text = excluded.text, read_text = excluded.read_text,
    source_sha256 = excluded.source_sha256, corrected_by = excluded.corrected_by, corrected_at = now()
returning id

-- name: undo_page_correction
-- Undo the correction of a page. One row (its id) when there was one.
delete from corrections where document_id = %(upload_id)s::uuid and page = %(page)s::integer
returning id

-- name: undo_title_correction
-- Undo the correction of the title of a deck or a lecture. One row (its id) when there was one.
delete from corrections
where coalesce(document_id, lecture_id) = %(upload_id)s::uuid and page is null and start_ms is null
returning id

-- name: undo_segment_correction
-- Undo the correction of a line, by its number (from 1). One row (its id) when there was one.
delete from corrections c using transcript_segments g
where c.lecture_id = %(upload_id)s::uuid and g.course_id = c.course_id and g.lecture_id = c.lecture_id
  and g.ordinal = %(number)s::integer - 1 and g.start_ms = c.start_ms
returning c.id

-- name: list_page_corrections
-- What is corrected of a deck as it is now: page, title (null: as read), text (null: as read).
select page, title, text from slide_corrections
where course_id = %(course_id)s::uuid and document_id = %(upload_id)s::uuid
order by page

-- name: list_segment_corrections
-- What is corrected of a transcript as it is now: ordinal (from 0), text.
select ordinal, text from segment_corrections
where course_id = %(course_id)s::uuid and lecture_id = %(upload_id)s::uuid
order by ordinal

-- name: get_title
-- What a deck or a lecture is called: title, read_title (as it was read; null: it is not corrected).
select title, read_title from document_titles
where course_id = %(course_id)s::uuid and document_id = %(upload_id)s::uuid
union all
select title, read_title from lecture_titles
where course_id = %(course_id)s::uuid and lecture_id = %(upload_id)s::uuid

-- name: move_corrections
-- Give an upload the corrections of another one, which holds the same bytes in another course. Nothing comes out.
insert into corrections (course_id, document_id, lecture_id, page, start_ms, end_ms, title, text, read_title, read_text,
                         source_sha256, corrected_by, corrected_at)
select %(course_id)s::uuid, case when document_id is not null then %(moved_id)s::uuid end,
       case when lecture_id is not null then %(moved_id)s::uuid end, page, start_ms, end_ms, title, text, read_title,
       read_text, source_sha256, corrected_by, corrected_at
from corrections where document_id = %(upload_id)s::uuid or lecture_id = %(upload_id)s::uuid
on conflict do nothing

-- name: list_due_deck_corrections
-- Decks that can be searched and whose chunks were begun before they were corrected last: id, key (generation and time, to
-- ask for the work once).
select id, generation || ':corrections:' || extract(epoch from corrected_at) as key
from documents
where corrected_at > (stages -> 'slide_chunks' ->> 'began_at')::timestamptz and stages -> 'slide_embeddings' ? 'ended_at'
  and deleted_at is null and requested_generation = generation and failed_generation is distinct from generation
order by corrected_at
limit %(limit)s::integer

-- name: list_due_lecture_corrections
-- The same for lectures: id, key.
select id, generation || ':corrections:' || extract(epoch from corrected_at) as key
from lectures
where corrected_at > (stages -> 'lecture_chunks' ->> 'began_at')::timestamptz
  and stages -> 'lecture_embeddings' ? 'ended_at'
  and deleted_at is null and requested_generation = generation and failed_generation is distinct from generation
order by corrected_at
limit %(limit)s::integer
