-- A title of a deck or a lecture is corrected by a row without a page or a time. What was read stays in documents and
-- lectures, and is what the title is again when the row goes.
do $$
declare
    given text;
begin
    for given in
        select conname from pg_constraint
        where conrelid = 'corrections'::regclass and contype = 'c'
          and (pg_get_constraintdef(oid) like '%document_id IS NULL) = (page IS NULL%'
               or pg_get_constraintdef(oid) like '%lecture_id IS NULL) = (start_ms IS NULL%')
    loop
        execute format('alter table corrections drop constraint %I', given);
    end loop;
end $$;
alter table corrections
    add constraint corrections_page_of_document check (page is null or document_id is not null),
    add constraint corrections_time_of_lecture check (start_ms is null or lecture_id is not null),
    add constraint corrections_whole_time check ((start_ms is null) = (end_ms is null)),
    add constraint corrections_whole_title check (num_nonnulls(page, start_ms) = 1 or (title is not null and text is null));
comment on column corrections.title is 'what the heading of the page, or where none is named the title, is to be; null: as it was read';
create unique index corrections_of_title on corrections (coalesce(document_id, lecture_id))
    where page is null and start_ms is null;

-- Titles as they are shown, and as they were read where they are corrected (else null). A correction holds for the same
-- bytes, and in other bytes where the same title is read.
create view document_titles with (security_invoker = true) as
select d.course_id, d.id as document_id, coalesce(c.title, d.title) as title,
       case when c.id is not null then d.title end as read_title
from documents d
left join corrections c on c.document_id = d.id and c.page is null
                       and (c.source_sha256 = d.sha256 or c.read_title = d.title);
create view lecture_titles with (security_invoker = true) as
select l.course_id, l.id as lecture_id, coalesce(c.title, l.title) as title,
       case when c.id is not null then l.title end as read_title
from lectures l
left join corrections c on c.lecture_id = l.id and c.start_ms is null
                       and (c.source_sha256 = coalesce(l.media_sha256, l.captions_sha256, '') or c.read_title = l.title);
grant select on document_titles, lecture_titles to studybuddy_app, studybuddy_pipeline;
