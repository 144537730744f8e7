-- Chats: sessions, messages as a tree of branches, the runs that write answers, and what answers cite.
create table chat_sessions (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references users on delete cascade,
    client_id text not null check (client_id ~ '^[A-Za-z0-9_-]{1,64}$'),
    course_id uuid references courses on delete set null,
    title text not null default '',
    head_key uuid,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (user_id, client_id)
);
create index on chat_sessions (user_id, updated_at desc, id desc);
create index on chat_sessions (course_id);
comment on column chat_sessions.client_id is 'the id the client made; unique among one person''s chats only, so nobody can squat another''s';
comment on column chat_sessions.head_key is 'last message of the branch that is shown';

create table chat_messages (
    key uuid primary key default gen_random_uuid(),
    session_id uuid not null references chat_sessions on delete cascade,
    id text not null check (id ~ '^[A-Za-z0-9_-]{1,64}$'),
    parent_key uuid references chat_messages on delete cascade,
    depth integer not null check (depth >= 1),
    role text not null check (role in ('user', 'assistant')),
    status text not null check (status in ('running', 'done', 'stopped', 'interrupted', 'error')),
    error_code text,
    content text not null,
    parts jsonb not null,
    metadata jsonb not null default '{}',
    created_at timestamptz not null default now()
);
create index on chat_messages (session_id, id);
create index on chat_messages (parent_key);
comment on column chat_messages.id is 'the id the client knows; an edited question keeps it, so two branches may hold the same id';
comment on column chat_messages.content is 'the words alone, for the model''s history, for search and for export';

create table chat_runs (
    id uuid primary key default gen_random_uuid(),
    session_id uuid not null references chat_sessions on delete cascade,
    message_key uuid not null references chat_messages on delete cascade,
    owner uuid not null,
    status text not null default 'running' check (status in ('running', 'done', 'stopped', 'interrupted', 'error')),
    stop_requested boolean not null default false,
    heartbeat_at timestamptz not null default now(),
    watched_at timestamptz not null default now(),
    started_at timestamptz not null default now(),
    ended_at timestamptz
);
create unique index chat_runs_one_at_a_time on chat_runs (session_id) where status = 'running';
create index chat_runs_running on chat_runs (heartbeat_at) where status = 'running';
create index chat_runs_ended on chat_runs (ended_at) where ended_at is not null;
create index on chat_runs (message_key);
comment on column chat_runs.owner is 'the process that writes this answer; a process that stops beating loses its runs to the reaper';
comment on column chat_runs.watched_at is 'when a reader on another process last asked for this stream';

create table chat_run_events (
    run_id uuid not null references chat_runs on delete cascade,
    seq integer not null,
    data text not null,
    primary key (run_id, seq)
);
comment on table chat_run_events is 'the stream''s own text in batches, for readers on other processes; removed some minutes after the end';

create table chat_feedback (
    message_key uuid primary key references chat_messages on delete cascade,
    rating text not null check (rating in ('up', 'down')),
    reason text,
    created_at timestamptz not null default now()
);

create table ai.message_sources (
    id uuid primary key default gen_random_uuid(),
    message_key uuid not null references chat_messages on delete cascade,
    course_id uuid not null,
    handle integer not null check (handle >= 1),
    chunk_id uuid not null,
    kind text not null check (kind in ('slide', 'speech')),
    source_id uuid not null,
    title text not null,
    file_name text not null,
    page integer,
    page_label text,
    start_ms integer,
    end_ms integer,
    document_id uuid,
    lecture_id uuid,
    quote text not null,
    created_at timestamptz not null default now(),
    unique (message_key, handle)
);
comment on table ai.message_sources is 'what an answer cited, with the words as they were: no foreign key to the chunk, which may go with a new upload';
