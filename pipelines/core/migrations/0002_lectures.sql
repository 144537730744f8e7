-- Recordings and captions, and the speech that retrieval finds in them.
create table lectures (
    id uuid primary key default gen_random_uuid(),
    course_id uuid not null references courses on delete cascade,
    title text not null,
    file_name text not null,
    source_name text not null,
    media_sha256 text check (media_sha256 ~ '^[0-9a-f]{64}$'),
    captions_sha256 text check (captions_sha256 ~ '^[0-9a-f]{64}$'),
    captions_name text,
    byte_count bigint not null,
    generation integer not null default 1,
    language text,
    prefer_speech boolean not null default false,
    duration_ms integer check (duration_ms >= 0),
    requested_generation integer,
    claimed_until timestamptz,
    failure_code text,
    failure text,
    failed_generation integer,
    created_by uuid references users on delete set null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    check (media_sha256 is not null or captions_sha256 is not null)
);
comment on column lectures.source_name is 'identity of the upload inside its course: a new upload under the same name is a new generation';
comment on column lectures.media_sha256 is 'the recording in the file store; null when only captions were given';
create unique index lectures_source on lectures (course_id, source_name) where deleted_at is null;
create index lectures_unrequested on lectures (created_at) where requested_generation is distinct from generation;
create index lectures_deleted on lectures (deleted_at) where deleted_at is not null;

-- Where a person stopped watching.
create table user_lectures (
    user_id uuid not null references users on delete cascade,
    lecture_id uuid not null references lectures on delete cascade,
    position_ms integer not null default 0 check (position_ms >= 0),
    updated_at timestamptz not null default now(),
    primary key (user_id, lecture_id)
);
create index on user_lectures (lecture_id);

create table ai.lecture_chunks_knowledge (
    course_id uuid not null references courses on delete cascade,
    id uuid not null,
    lecture_id uuid not null references lectures on delete cascade,
    ordinal integer not null,
    title text not null,
    context text not null,
    content text not null,
    token_count integer not null,
    start_ms integer not null check (start_ms >= 0),
    end_ms integer not null check (end_ms > start_ms),
    chunker_version text not null,
    source_sha256 text not null,
    primary key (course_id, id)
);
create index on ai.lecture_chunks_knowledge (lecture_id);
