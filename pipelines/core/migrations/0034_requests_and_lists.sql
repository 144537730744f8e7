-- Requests a minute: what each person has left, a bucket that fills again evenly. Not logged: after a crash all are full.
create unlogged table request_buckets (
    user_id uuid primary key references users on delete cascade,
    held float8 not null,
    filled_at timestamptz not null default now()
);
comment on column request_buckets.held is 'requests left at filled_at; below 0: what processes let in before they asked';
alter table request_buckets enable row level security, force row level security;
create policy everything on request_buckets to studybuddy_pipeline, current_user using (true);

-- Courses of an official list: one that vanished from it was archived by that, and comes back with it.
alter table courses add column vanished_at timestamptz;
comment on column courses.vanished_at is 'since when the official list has it no more; null: it has it, or it never came from there';
