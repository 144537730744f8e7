-- Questions with known places that a course is evaluated with. A set is the lines of one imported file; each import of other
-- lines is a new version, and the newest is asked. Students must not read them: they tell what is asked and where it stands.
create table question_sets (
    course_id uuid not null references courses on delete cascade,
    version integer not null check (version >= 1),
    file_name text not null,
    lines text[] not null check (cardinality(lines) > 0),
    imported_at timestamptz not null default now(),
    primary key (course_id, version)
);
comment on column question_sets.lines is 'JSON, one question each, as they stood in the file and in its order, blank lines left out';

alter table question_sets enable row level security, force row level security;
create policy everything on question_sets to studybuddy_pipeline, current_user using (true);
grant select, insert, update, delete on question_sets to studybuddy_pipeline;
grant select on question_sets to studybuddy_app;
create policy teaching on question_sets for select to studybuddy_app using (course_id in (select taught_courses()));
