-- Dagster's partition key of every upload, made here once so that nobody who records an upload has to think of it; and
-- decks whose descriptions a model refused.
create function partition_key(course text, file text, id uuid) returns text language sql immutable
begin atomic
    -- What Dagster or its UI reads as syntax ("...", lists, ranges, wildcards), and what a terminal would not show as it
    -- is (control, bidi and invisible characters), becomes `_`.
    select left(regexp_replace(coalesce(course, ''), unreadable, '_', 'g'), 40)
        || ' / ' || left(regexp_replace(file, unreadable, '_', 'g'), 80)
        || ' (' || left(id::text, 8) || ')'
    from (select '[\u0001-\u001f\u007f-\u009f"*,|/\\\[\]\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+|\.{2,}' as unreadable) s;
end;

create function set_partition_key() returns trigger language plpgsql as $$
begin
    new.partition_key := partition_key((select name from courses where id = new.course_id), new.file_name, new.id);
    return new;
end $$;

alter table documents add column partition_key text;
update documents set partition_key = id::text;
alter table documents alter column partition_key set not null, add unique (partition_key);
comment on column documents.partition_key is 'key in Dagster: course, file and the first 8 digits of the id as they were at the first upload, and never changed; the id for uploads older than the column';
create trigger documents_partition_key before insert on documents for each row execute function set_partition_key();

alter table lectures add column partition_key text;
update lectures set partition_key = id::text;
alter table lectures alter column partition_key set not null, add unique (partition_key);
comment on column lectures.partition_key is 'as documents.partition_key';
create trigger lectures_partition_key before insert on lectures for each row execute function set_partition_key();

create table description_refusals (
    document_id uuid primary key references documents on delete cascade,
    generation integer not null,
    code text not null,
    message text not null,
    attempts integer not null default 1 check (attempts >= 1),
    refused_at timestamptz not null default now(),
    retry_at timestamptz
);
create index on description_refusals (retry_at) where retry_at is not null;
comment on table description_refusals is 'decks that can be searched by their text although the vision model refused to describe their slides';
comment on column description_refusals.retry_at is 'when it is tried again; null: not any more';
