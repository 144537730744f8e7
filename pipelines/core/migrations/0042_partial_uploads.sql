-- Uploads that come in pieces (tus): one row each, from their beginning until they are taken or given up.
create table partial_uploads (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references users on delete cascade,
    course_id uuid not null references courses on delete cascade,
    metadata text not null,
    byte_count bigint not null check (byte_count > 0),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    upload_id uuid
);
create index on partial_uploads (user_id);
create index on partial_uploads (course_id);
comment on table partial_uploads is 'uploads in pieces; their bytes are files of this id (core/partial/files.py)';
comment on column partial_uploads.metadata is 'Upload-Metadata as the client sent it: names and what a form''s fields say';
comment on column partial_uploads.byte_count is 'bytes it will have; counted as kept from the beginning';
comment on column partial_uploads.expires_at is 'when it is given up; later with each request';
comment on column partial_uploads.upload_id is 'the document or lecture it became; null: it is not whole yet';

alter table partial_uploads enable row level security, force row level security;
create policy everything on partial_uploads to studybuddy_pipeline, current_user using (true);
create policy own on partial_uploads to studybuddy_app using (user_id = current_person());
grant select, insert, update, delete on partial_uploads to studybuddy_app;

-- What comes in pieces is kept as a whole from its first byte on: many begun uploads cannot pass a quota together.
create or replace function kept_bytes(course uuid, owner uuid) returns table (theirs bigint, all_of_it bigint)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select coalesce(sum(byte_count) filter (where owner_id = owner), 0)::bigint,
           coalesce(sum(byte_count) filter (where course_id = course), 0)::bigint
    from (
        select owner_id, course_id, byte_count from documents
        where (owner_id = owner or course_id = course) and deleted_at is null
        union all
        select owner_id, course_id, byte_count from lectures
        where (owner_id = owner or course_id = course) and deleted_at is null
        union all
        select user_id, course_id, byte_count from partial_uploads
        where (user_id = owner or course_id = course) and upload_id is null and expires_at > now()
    ) u
    having current_person() is null or (owner = current_person() and course in (select person_courses()))
$$;
