-- What rows need that come over from a former deployment (docs/adopting.md).

-- A deck whose file nobody has is listed and found by its words: '' is no file, as null is for recordings.
alter table documents drop constraint documents_sha256_check,
    add constraint documents_sha256_check check (sha256 ~ '^([0-9a-f]{64})?$');
comment on column documents.sha256 is 'the file in the file store; '''': there is none, its chunks came from elsewhere';
drop index documents_content;
create unique index documents_content on documents (course_id, owner_id, sha256)
    where deleted_at is null and sha256 <> '';
alter table documents add column adopted boolean not null default false;
comment on column documents.adopted is 'it came from a former deployment with its chunks: nothing is made of it until somebody asks';
alter table lectures add column adopted boolean not null default false;
comment on column lectures.adopted is 'as documents.adopted';

-- What a former answer cited is kept in its words, also where the passage, its material or its course is gone, and for
-- readers who never belonged to the course.
alter table ai.message_sources alter column course_id drop not null, alter column chunk_id drop not null,
    add column adopted boolean not null default false;
comment on column ai.message_sources.chunk_id is 'the passage; null: none fits what a former answer cited';
comment on column ai.message_sources.adopted is 'it came from a former deployment: its words are its reader''s in any course';

-- People who came over: who they are is known when they sign in for the first time.
create table adopted_people (
    user_id uuid primary key references users on delete cascade,
    claimed_at timestamptz,
    moved_at timestamptz
);
comment on column adopted_people.claimed_at is 'their first sign-in here; null: nobody has signed in as them';
comment on column adopted_people.moved_at is 'from when on they belong here; null: the former system is where they write';
alter table adopted_people enable row level security, force row level security;
create policy everything on adopted_people to studybuddy_pipeline, current_user using (true);
create policy own on adopted_people for select to studybuddy_app using (user_id = current_person());
grant select on adopted_people to studybuddy_app;
grant select, insert, update, delete on adopted_people to studybuddy_pipeline;

-- What became of every former row.
create table adopted_rows (
    former_table text not null,
    former_key text not null,
    state text not null check (state in ('adopted', 'left out')),
    reason text not null default '',
    unit text not null,
    primary key (former_table, former_key)
);
create index on adopted_rows (unit);
comment on column adopted_rows.reason is 'why it was left out';
comment on column adopted_rows.unit is 'what it became part of: adopted_units.id; '''': nothing';

-- What was made of them here: a person, a course, a chat with its messages, the chunks of a deck, ...
create table adopted_units (
    id text primary key,
    kind text not null,
    hash bytea not null,
    written_at timestamptz not null default now()
);
comment on column adopted_units.hash is 'of what was written: rows that say something else now were changed here';
grant select, insert, update, delete on adopted_rows, adopted_units to studybuddy_pipeline;
