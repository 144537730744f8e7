-- name: get_deck
-- A deck as its readers know it: title as teachers corrected it, read_title (as it was read; null: nothing was corrected),
-- file_name. The caller has asked whether it is theirs to see.
select n.title, n.read_title, d.file_name
from documents d join document_titles n on n.course_id = d.course_id and n.document_id = d.id
where d.id = %(document_id)s::uuid and d.deleted_at is null

-- name: list_deck_findings
-- What could not be read in the newest upload of a deck, page by page: page, code, sentence, advice.
select f.page, f.code, f.sentence, f.advice
from findings f join documents d on d.id = f.document_id and d.sha256 = f.source_sha256
where f.document_id = %(document_id)s::uuid and f.page is not null
order by f.page, f.ordinal

-- name: list_deck_pages
-- The pages of a deck, in order: page, page_label, title and text as teachers corrected them, read_title and read_text (as
-- they were read; both null: nothing was corrected), section, text_source, description (null: none was made), has_picture
-- (it has been drawn).
select s.page, s.page_label, coalesce(c.title, s.title) as title, coalesce(c.text, s.body) as text,
       case when c.page is not null then s.title end as read_title, case when c.page is not null then s.body end as read_text,
       s.section, s.text_source, p.text as description, s.image_sha256 is not null as has_picture
from slides s
left join slide_descriptions p on p.course_id = s.course_id and p.document_id = s.document_id and p.page = s.page
left join slide_corrections c on c.course_id = s.course_id and c.document_id = s.document_id and c.page = s.page
where s.course_id = %(course_id)s::uuid and s.document_id = %(document_id)s::uuid
order by s.page

-- name: list_said
-- When pages of a deck were up in lectures that a person (null: the operator) sees, in order: page, lecture_id, title,
-- file_name, start_ms, end_ms.
select k.page, k.lecture_id, n.title, l.file_name, k.start_ms, k.end_ms
from lecture_slides k join lectures l on l.id = k.lecture_id and l.deleted_at is null
join lecture_titles n on n.course_id = l.course_id and n.lecture_id = l.id
where k.document_id = %(document_id)s::uuid
  and sees_upload(%(person_id)s::uuid, role_in(l.course_id, %(person_id)s::uuid), l.owner_id, l.published, l.offered_at,
                  l.release_at)
order by k.page, l.source_name, k.start_ms

-- name: get_talk
-- A lecture as its readers know it: course_id, title as teachers corrected it, read_title (null: nothing was corrected),
-- file_name, has_media, duration_ms (null: not measured), source and language of its transcript (null: none yet; language
-- also where it is not known). The caller has asked whether it is theirs to see.
select l.course_id, n.title, n.read_title, l.file_name, l.media_sha256 is not null as has_media, l.duration_ms, t.source, t.language
from lectures l
join lecture_titles n on n.course_id = l.course_id and n.lecture_id = l.id
left join transcripts t on t.lecture_id = l.id
where l.id = %(lecture_id)s::uuid and l.deleted_at is null

-- name: list_lines
-- What was said in a lecture, in order: number (from 1), start_ms, end_ms, text as teachers corrected it, read_text (as it
-- was heard; null: nothing was corrected), speaker (null: nobody is named).
select g.ordinal + 1 as number, g.start_ms, g.end_ms, coalesce(c.text, g.text) as text,
       case when c.ordinal is not null then g.text end as read_text, g.speaker
from transcript_segments g
left join segment_corrections c on c.course_id = g.course_id and c.lecture_id = g.lecture_id and c.ordinal = g.ordinal
where g.course_id = %(course_id)s::uuid and g.lecture_id = %(lecture_id)s::uuid
order by g.ordinal

-- name: list_shown_pages
-- Which page was up when in a lecture, of decks that a person (null: the operator) sees, in order: start_ms, end_ms,
-- document_id, page, confidence, title (of the page), file_name (of the deck).
select k.start_ms, k.end_ms, k.document_id, k.page, k.confidence, coalesce(c.title, s.title, '') as title,
       d.file_name
from lecture_slides k
join documents d on d.id = k.document_id and d.deleted_at is null
left join slides s on s.course_id = d.course_id and s.document_id = k.document_id and s.page = k.page
left join slide_corrections c on c.course_id = s.course_id and c.document_id = s.document_id and c.page = s.page
where k.course_id = %(course_id)s::uuid and k.lecture_id = %(lecture_id)s::uuid
  and sees_upload(%(person_id)s::uuid, role_in(d.course_id, %(person_id)s::uuid), d.owner_id, d.published, d.offered_at,
                  d.release_at)
order by k.start_ms

-- name: get_watched
-- Where a person stopped watching a lecture: position_ms, updated_at. No row: they have not begun.
select position_ms, updated_at from user_lectures
where user_id = %(person_id)s::uuid and lecture_id = %(lecture_id)s::uuid

-- name: put_watched
-- Remember where a person stopped watching a lecture. One row: position_ms, updated_at.
insert into user_lectures (user_id, lecture_id, position_ms)
values (%(person_id)s::uuid, %(lecture_id)s::uuid, %(position_ms)s::integer)
on conflict (user_id, lecture_id) do update set position_ms = excluded.position_ms, updated_at = now()
returning position_ms, updated_at
