-- Questions proposed for a course's set, until somebody who teaches it has looked at them: asked in a chat by a person who
-- shares them, or drafted by a model. Nothing is evaluated with one before; one that is taken becomes a line of the next version.
alter table chat_feedback add column shared boolean not null default false;
comment on column chat_feedback.shared is 'who teaches the course may see the question, without a name';

create table proposed_questions (
    id uuid primary key default gen_random_uuid(),
    course_id uuid not null references courses on delete cascade,
    origin text not null check (origin in ('chat', 'draft')),
    question text not null check (question <> ''),
    places jsonb not null default '[]',
    rating text check (rating in ('up', 'down')),
    message_key uuid unique references chat_feedback on delete cascade,
    model text,
    prompt_version text,
    state text not null default 'waiting' check (state in ('waiting', 'taken', 'declined')),
    proposed_at timestamptz not null default now(),
    reviewed_at timestamptz,
    check ((origin = 'chat') = (message_key is not null) and (origin = 'chat') = (rating is not null)),
    check ((origin = 'draft') = (model is not null) and (origin = 'draft') = (prompt_version is not null)),
    check ((state = 'waiting') = (reviewed_at is null))
);
create index on proposed_questions (course_id, state, proposed_at);
comment on column proposed_questions.places is 'where it may be answered: kind, file, page or startMs and endMs, and was it cited?';
comment on column proposed_questions.message_key is 'the answer that was rated; who takes the rating or the chat back takes this back, a line that was made of it stays';

alter table proposed_questions enable row level security, force row level security;
create policy everything on proposed_questions to studybuddy_pipeline, current_user using (true);
grant select, insert, update, delete on proposed_questions to studybuddy_pipeline;
grant select, insert, update (state, reviewed_at), delete on proposed_questions to studybuddy_app;
create policy seeing on proposed_questions for select to studybuddy_app
    using (exists (select 1 from chat_messages m where m.key = message_key));
create policy taking_back on proposed_questions for delete to studybuddy_app
    using (exists (select 1 from chat_messages m where m.key = message_key));
create policy sharing on proposed_questions for insert to studybuddy_app with check (
    origin = 'chat' and state = 'waiting' and course_id in (select person_courses())
    and exists (select 1 from chat_messages m where m.key = message_key));
create policy teaching on proposed_questions for select to studybuddy_app using (course_id in (select taught_courses()));
create policy reviewing on proposed_questions for update to studybuddy_app using (course_id in (select taught_courses()));

grant insert on question_sets to studybuddy_app;
create policy adding on question_sets for insert to studybuddy_app
    with check (course_id in (select taught_courses()));
