-- What teachers corrected of what was read and heard, and what readers reported as wrong. A correction is a row of its own:
-- what was read stays as it was, and reading it again changes no correction.
create table corrections (
    id uuid primary key default gen_random_uuid(),
    course_id uuid not null references courses on delete cascade,
    document_id uuid references documents on delete cascade,
    lecture_id uuid references lectures on delete cascade,
    page integer check (page >= 1),
    start_ms integer check (start_ms >= 0),
    end_ms integer check (end_ms > start_ms),
    title text,
    text text,
    read_title text not null,
    read_text text not null,
    source_sha256 text not null,
    corrected_by uuid references users on delete set null,
    corrected_at timestamptz not null default now(),
    check (num_nonnulls(document_id, lecture_id) = 1),
    check ((document_id is null) = (page is null)),
    check ((lecture_id is null) = (start_ms is null) and (start_ms is null) = (end_ms is null)),
    check (num_nonnulls(title, text) > 0)
);
create unique index corrections_of_page on corrections (document_id, page) where document_id is not null;
create unique index corrections_of_segment on corrections (lecture_id, start_ms) where lecture_id is not null;
create index on corrections (course_id);
comment on column corrections.title is 'what the page''s heading is to be; null: as it was read';
comment on column corrections.text is 'what the page or the segment is to say; null: as it was read';
comment on column corrections.read_text is 'what was read when it was corrected: in other bytes, only the same words are corrected';

alter table documents add column corrected_at timestamptz;
alter table lectures add column corrected_at timestamptz;
comment on column documents.corrected_at is 'when a correction of it was made or undone; chunks that were begun before are made again';
comment on column lectures.corrected_at is 'as of documents';

-- Corrections that hold for what is there now: those of the same bytes, and in other bytes those of the same words.
create view slide_corrections with (security_invoker = true) as
select s.course_id, s.document_id, s.page, c.title, c.text, c.corrected_at
from corrections c
join slides s on s.document_id = c.document_id and s.page = c.page
             and (s.source_sha256 = c.source_sha256 or (s.body = c.read_text and s.title = c.read_title));
create view segment_corrections with (security_invoker = true) as
select g.course_id, g.lecture_id, g.ordinal, c.text, c.corrected_at
from corrections c
join transcripts t on t.lecture_id = c.lecture_id
join transcript_segments g on g.lecture_id = c.lecture_id and g.start_ms = c.start_ms and g.end_ms = c.end_ms
                          and (t.source_sha256 = c.source_sha256 or g.text = c.read_text);

-- Chunks are made again, and open pages hear of it. The clock is read behind the row's lock: a run that began to make chunks
-- before has an earlier time, and one that begins later sees the correction.
create function note_correction() returns trigger language plpgsql security definer
set search_path = pg_catalog, public, pg_temp as $$
declare
    changed corrections := coalesce(new, old);
begin
    if changed.document_id is not null then
        update documents set corrected_at = clock_timestamp() where id = changed.document_id and deleted_at is null;
    else
        update lectures set corrected_at = clock_timestamp() where id = changed.lecture_id and deleted_at is null;
    end if;
    notify studybuddy_uploads;
    perform pg_notify('studybuddy_chat', 'course:' || changed.course_id);
    return null;
end $$;
create trigger corrections_noted after insert or update of title, text or delete on corrections
for each row execute function note_correction();

-- What a reader of an answer reported as a wrong source. Who teaches sees it without a name.
create table source_reports (
    id uuid primary key default gen_random_uuid(),
    course_id uuid not null references courses on delete cascade,
    source_id uuid references ai.message_sources on delete set null,
    reported_by uuid not null references users on delete cascade,
    upload_id uuid not null,
    kind text not null check (kind in ('slide', 'speech')),
    file_name text not null,
    page integer,
    start_ms integer,
    quote text not null,
    reason text not null,
    reported_at timestamptz not null default now(),
    unique (source_id, reported_by)
);
create index on source_reports (course_id, reported_at);
create index on source_reports (reported_by);

do $$
declare
    secured text;
begin
    foreach secured in array array['corrections', 'source_reports'] loop
        execute format('alter table %s enable row level security, force row level security', secured);
        execute format('create policy everything on %s to studybuddy_pipeline, current_user using (true)', secured);
        execute format('grant select, insert, update, delete on %s to studybuddy_app', secured);
    end loop;
end $$;
grant select, insert, update, delete on corrections, source_reports to studybuddy_pipeline;
grant select on slide_corrections, segment_corrections to studybuddy_app, studybuddy_pipeline;
create policy reading on corrections for select to studybuddy_app using (
    exists (select 1 from documents d where d.id = document_id)
    or exists (select 1 from lectures l where l.id = lecture_id));
create policy correcting on corrections to studybuddy_app
    using (coalesce(document_id, lecture_id) in (select managed_uploads()))
    with check (coalesce(document_id, lecture_id) in (select managed_uploads()));
create policy own on source_reports to studybuddy_app using (reported_by = current_person())
    with check (reported_by = current_person() and exists (
        select 1 from ai.message_sources s
        where s.id = source_reports.source_id and s.course_id = source_reports.course_id));
create policy reading on source_reports for select to studybuddy_app
    using (course_id in (select taught_courses()) and upload_id in (select visible_uploads()));
create policy settling on source_reports for delete to studybuddy_app
    using (course_id in (select taught_courses()) and upload_id in (select visible_uploads()));

-- Questions in a course to which nothing was found, for who teaches it: the words alone, those that are alike together.
create function unanswered_questions(course uuid, since timestamptz)
returns table (question text, asked bigint, last_asked_at timestamptz) language sql stable security definer
set search_path = pg_catalog, public, pg_temp as $$
    select (array_agg(q.content order by q.created_at desc))[1], count(*), max(q.created_at)
    from chat_sessions s
    join chat_messages a on a.session_id = s.id and a.role = 'assistant' and a.status = 'done' and a.created_at >= since
    join chat_messages q on q.key = a.parent_key
    where s.course_id = course and course in (select taught_courses())
      and jsonb_path_exists(a.parts, '$[*].output.passages')
      and not jsonb_path_exists(a.parts, '$[*].output.passages[*]')
    group by btrim(regexp_replace(lower(q.content), '[[:space:][:punct:]]+', ' ', 'g'))
$$;
