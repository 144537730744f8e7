-- People in courses: who owns an upload, who may see it and from when, courses of an official list, invitations.
alter table users rename column display_name to name;
alter table users alter column issuer drop not null, alter column subject drop not null,
    add constraint users_known_by check ((issuer is null) = (subject is null)),
    add column suspended_at timestamptz,
    add column operator boolean not null default false;
comment on column users.issuer is 'who vouches for them; null: nobody yet, they cannot sign in';
comment on column users.suspended_at is 'since when they may do nothing; null: they may';
comment on column users.operator is 'may use what is for operators, as those whom the setting OPERATORS names';

-- The person of a machine without sign-in, who owns what is uploaded at its command line.
insert into users (issuer, subject) values ('local', 'local') on conflict (issuer, subject) do nothing;
create function local_person() returns uuid language sql stable as $$
    select id from public.users where issuer = 'local' and subject = 'local'
$$;

drop index courses_name;
create index courses_name on courses (name) where deleted_at is null;
alter table courses
    add column code text,
    add column term text,
    add column instructor text,
    add column open boolean not null default false,
    add column students_add_lectures boolean not null default false,
    add column archived_at timestamptz,
    add column official_key text;
create unique index courses_official on courses (official_key) where deleted_at is null;
comment on column courses.name is 'two courses may have one name';
comment on column courses.open is 'who is signed in may join as a student; others need an invitation';
comment on column courses.archived_at is 'since when nobody finds or joins it any more; members go on reading. null: it is under way';
comment on column courses.official_key is 'its key in the official list it came from (`studybuddy courses sync`); null: made by a person';

create table invitations (
    id uuid primary key default gen_random_uuid(),
    course_id uuid not null references courses on delete cascade,
    code_hash text not null unique check (code_hash ~ '^[0-9a-f]{64}$'),
    role text not null check (role in ('student', 'teacher', 'owner')),
    uses_left integer check (uses_left >= 0),
    expires_at timestamptz,
    revoked_at timestamptz,
    created_by uuid references users on delete set null,
    created_at timestamptz not null default now()
);
create index on invitations (course_id);
comment on column invitations.code_hash is 'the code itself is told once and kept nowhere';
comment on column invitations.uses_left is 'how many may still join with it; null: as many as come';

-- An upload is its owner's; published, it is the course's. What was there before people is the course's.
alter table documents rename column created_by to owner_id;
alter table lectures rename column created_by to owner_id;
alter table documents
    add column published boolean not null default true,
    add column offered_at timestamptz,
    add column release_at timestamptz;
alter table lectures
    add column published boolean not null default true,
    add column offered_at timestamptz,
    add column release_at timestamptz,
    add column url text,
    drop constraint lectures_check;
alter table documents alter column published set default false;
alter table lectures alter column published set default false;
update documents set owner_id = local_person() where owner_id is null;
update lectures set owner_id = local_person() where owner_id is null;
comment on column documents.owner_id is 'who uploaded it; null: they were erased. The command line uploads for local_person()';
comment on column documents.published is 'it is the course''s; false: its owner''s alone';
comment on column documents.offered_at is 'since when its owner offers it to the course; teachers see it until they publish or decline it';
comment on column documents.release_at is 'from when students see what is published; null: at once';
comment on column documents.source_name is 'identity of the upload among its owner''s in the course: a new upload under the same name is a new generation';
comment on column lectures.owner_id is 'as documents.owner_id';
comment on column lectures.published is 'as documents.published';
comment on column lectures.offered_at is 'as documents.offered_at';
comment on column lectures.release_at is 'as documents.release_at';
comment on column lectures.source_name is 'as documents.source_name';
comment on column lectures.url is 'where it can be watched, or was taken from; null: not known. A lecture may have no file of its own';

drop index documents_source, documents_content, lectures_source;
create unique index documents_source on documents (course_id, owner_id, source_name) where deleted_at is null;
create unique index documents_content on documents (course_id, owner_id, sha256) where deleted_at is null;
create unique index lectures_source on lectures (course_id, owner_id, source_name) where deleted_at is null;
create index documents_owner on documents (owner_id);
create index lectures_owner on lectures (owner_id);
