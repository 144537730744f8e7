-- What was said in a lecture, where it was taken from, and which slide was up meanwhile.
alter table lectures add column run_id text;
comment on column lectures.run_id is 'the Dagster run that last began on requested_generation';
comment on column lectures.captions_sha256 is 'captions a person gave; they win over speech recognition unless prefer_speech';
create index lectures_media on lectures (course_id, media_sha256) where deleted_at is null;
create index lectures_captions on lectures (course_id, captions_sha256) where deleted_at is null;

create table lecture_audio (
    lecture_id uuid primary key references lectures on delete cascade,
    media_sha256 text not null,
    audio_sha256 text not null,
    duration_ms integer not null check (duration_ms >= 0),
    bad_packets integer not null,
    code_version text not null
);
comment on table lecture_audio is 'the sound of a recording as 16 kHz mono FLAC in the file store; no row for captions alone';

create table transcripts (
    lecture_id uuid primary key references lectures on delete cascade,
    course_id uuid not null,
    source text not null check (source in ('captions', 'speech')),
    source_sha256 text not null,
    language text,
    model text,
    duration_ms integer not null check (duration_ms >= 0),
    speech_ms integer not null check (speech_ms >= 0),
    repaired integer not null,
    removed integer not null,
    code_version text not null,
    made_at timestamptz not null default now()
);
comment on column transcripts.source_sha256 is 'the captions or the recording that was read; readers refuse rows of another upload';
comment on column transcripts.model is 'the speech recogniser; null for captions';
comment on column transcripts.removed is 'sentences dropped because nobody said them, or captions after the recording''s end';

create table transcript_segments (
    course_id uuid not null,
    lecture_id uuid not null references transcripts on delete cascade,
    ordinal integer not null check (ordinal >= 0),
    start_ms integer not null check (start_ms >= 0),
    end_ms integer not null check (end_ms > start_ms),
    text text not null,
    words jsonb not null,
    confidence double precision,
    primary key (course_id, lecture_id, ordinal)
);
create index on transcript_segments (lecture_id);
comment on column transcript_segments.words is 'list of [start_ms, end_ms, text, probability]; empty for captions';

-- Checkpoints of speech recognition: a run that dies goes on after the last of them.
create table transcript_pieces (
    lecture_id uuid not null references lectures on delete cascade,
    recipe text not null,
    start_ms integer not null check (start_ms >= 0),
    end_ms integer not null check (end_ms > start_ms),
    language text,
    model text not null,
    speech_ms integer not null,
    removed integer not null,
    retried integer not null,
    segments jsonb not null,
    made_at timestamptz not null default now(),
    primary key (lecture_id, start_ms)
);
comment on column transcript_pieces.recipe is 'what the piece was made from and how: pieces of another recipe are never put together with it';

create view transcript_progress as
select a.lecture_id, coalesce(max(p.end_ms), 0) as done_ms, a.duration_ms, max(p.made_at) as updated_at
from lecture_audio a left join transcript_pieces p on p.lecture_id = a.lecture_id
group by a.lecture_id;
comment on view transcript_progress is 'how far the recognition of a recording has come; readers may look at any time';

create table lecture_documents (
    lecture_id uuid not null references lectures on delete cascade,
    document_id uuid not null references documents on delete cascade,
    given boolean not null,
    similarity double precision,
    primary key (lecture_id, document_id)
);
create index on lecture_documents (document_id);
comment on column lecture_documents.given is 'a person said so; otherwise proposed, because speech and slides are alike';

create table lecture_slides (
    course_id uuid not null,
    lecture_id uuid not null references lectures on delete cascade,
    start_ms integer not null check (start_ms >= 0),
    end_ms integer not null check (end_ms > start_ms),
    document_id uuid references documents on delete cascade,
    page integer check (page >= 1),
    confidence double precision not null check (confidence between 0 and 1),
    primary key (course_id, lecture_id, start_ms),
    check ((document_id is null) = (page is null))
);
create index on lecture_slides (lecture_id);
create index on lecture_slides (document_id, page);
comment on table lecture_slides is 'which page was up from start_ms until end_ms (half-open); page null: no slide';
