-- People, courses, uploads, and what the documents graph makes of them.
create extension if not exists vector;
create schema if not exists ai;

create table users (
    id uuid primary key default gen_random_uuid(),
    issuer text not null,
    subject text not null,
    email text,
    display_name text,
    created_at timestamptz not null default now(),
    unique (issuer, subject)
);

create table courses (
    id uuid primary key default gen_random_uuid(),
    name text not null unique check (name <> ''),
    language text,
    created_at timestamptz not null default now()
);

create table user_courses (
    user_id uuid not null references users on delete cascade,
    course_id uuid not null references courses on delete cascade,
    role text not null check (role in ('student', 'teacher', 'owner')),
    created_at timestamptz not null default now(),
    primary key (user_id, course_id)
);
create index on user_courses (course_id);

create table documents (
    id uuid primary key default gen_random_uuid(),
    course_id uuid not null references courses on delete cascade,
    title text not null,
    file_name text not null,
    source_name text not null,
    sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    byte_count bigint not null,
    generation integer not null default 1,
    password_sealed bytea,
    requested_generation integer,
    claimed_until timestamptz,
    failure_code text,
    failure text,
    failed_generation integer,
    created_by uuid references users on delete set null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz
);
comment on column documents.source_name is 'identity of the upload inside its course: a new upload under the same name is a new generation';
comment on column documents.requested_generation is 'the generation a run was started for; the sensor requests runs where this differs from generation';
comment on column documents.claimed_until is 'a command line that will start the run itself keeps the sensor away until then';
create unique index documents_source on documents (course_id, source_name) where deleted_at is null;
create unique index documents_content on documents (course_id, sha256) where deleted_at is null;
create index documents_unrequested on documents (created_at) where requested_generation is distinct from generation;
create index documents_deleted on documents (deleted_at) where deleted_at is not null;

create table slides (
    course_id uuid not null,
    document_id uuid not null references documents on delete cascade,
    page integer not null check (page >= 1),
    page_label text,
    title text not null,
    body text not null,
    furniture text not null,
    section text,
    text_source text not null check (text_source in ('layer', 'ocr', 'none')),
    junk_chars integer not null,
    frame_group integer not null,
    image_sha256 text,
    width_pt real not null,
    height_pt real not null,
    source_sha256 text not null,
    code_version text not null,
    primary key (course_id, document_id, page)
);
create index on slides (document_id);
comment on column slides.source_sha256 is 'the upload these rows were made from; readers refuse rows of another version';

create table slide_descriptions (
    course_id uuid not null,
    document_id uuid not null,
    page integer not null,
    text text not null,
    model text not null,
    prompt_version text not null,
    prompt_tokens integer not null,
    completion_tokens integer not null,
    cost_usd double precision not null,
    primary key (course_id, document_id, page),
    foreign key (course_id, document_id, page) references slides on delete cascade
);

create table item_cache (
    kind text not null,
    key bytea not null,
    value jsonb not null,
    created_at timestamptz not null default now(),
    primary key (kind, key)
);
comment on table item_cache is 'paid work kept per item; key = sha256 of content, model and prompt version';

-- What retrieval finds. Chunk ids are made from content, so an unchanged chunk keeps its id and its vector.
create table ai.slide_chunks_knowledge (
    course_id uuid not null references courses on delete cascade,
    id uuid not null,
    document_id uuid not null references documents on delete cascade,
    ordinal integer not null,
    title text not null,
    context text not null,
    content text not null,
    token_count integer not null,
    page integer not null,
    pages integer[] not null,
    page_label text,
    chunker_version text not null,
    source_sha256 text not null,
    primary key (course_id, id)
);
create index on ai.slide_chunks_knowledge (document_id);

-- Vectors stand apart from text, in narrow rows: a stored tsvector beside them cost 4x (rows past 2 kB are moved away).
create table ai.embedding_sets (
    id integer generated always as identity primary key,
    model text not null,
    dims integer not null check (dims between 1 and 4000),
    chunker_version text not null,
    live boolean not null default false,
    created_at timestamptz not null default now(),
    unique (model, dims, chunker_version)
);
create unique index embedding_sets_one_live on ai.embedding_sets (live) where live;

create table ai.chunk_embeddings (
    set_id integer not null references ai.embedding_sets on delete cascade,
    course_id uuid not null,
    kind text not null check (kind in ('slide', 'speech')),
    source_id uuid not null,
    chunk_id uuid not null,
    embedding halfvec not null,
    primary key (course_id, chunk_id, set_id)
) partition by list (set_id);
create index on ai.chunk_embeddings (source_id);
comment on table ai.chunk_embeddings is 'one partition an embedding set; a check on each partition declares its dimension';
-- BM25's document side: term weights of each chunk (terms are hashed words), and in how many chunks a term occurs.
create table ai.chunk_terms (
    course_id uuid not null,
    kind text not null check (kind in ('slide', 'speech')),
    source_id uuid not null,
    chunk_id uuid not null,
    terms sparsevec(1000000000) not null,
    primary key (course_id, chunk_id)
);
create index on ai.chunk_terms (source_id);
