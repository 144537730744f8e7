-- Adoptions that came to their end: what the former rows were then, and what was told. Rows that are the same need no second look.
create table adoption_runs (
    id bigint generated always as identity primary key,
    ended_at timestamptz not null default now(),
    signature text not null,
    report jsonb not null
);
comment on column adoption_runs.signature is 'of the version of every former row, and of what an adoption goes by';
grant select, insert, delete on adoption_runs to studybuddy_pipeline;
