-- Evaluations that somebody made in a notebook and saved: a Dagster run shows each beside those of the asset `evaluation`.
create table notebook_results (
    id uuid primary key default gen_random_uuid(),
    course_id uuid not null references courses on delete cascade,
    set_name text not null,
    notebook text not null,
    parameters jsonb not null,
    figures jsonb not null,
    saved_at timestamptz not null default now(),
    told_at timestamptz
);
create index on notebook_results (saved_at) where told_at is null;
comment on column notebook_results.figures is 'as steps/scoring.py tells them';
comment on column notebook_results.told_at is 'when a Dagster run showed it; null: none has yet';
alter table notebook_results enable row level security, force row level security;
create policy everything on notebook_results to studybuddy_pipeline, current_user using (true);
grant select, insert, update, delete on notebook_results to studybuddy_pipeline;
