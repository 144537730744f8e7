-- The ledger of model calls: one row a call, written before it is made, so that calls at one time cannot pass a cap together.
create table model_calls (
    id uuid primary key default gen_random_uuid(),
    user_id uuid references users on delete set null,
    course_id uuid references courses on delete set null,
    run_id text,
    purpose text not null,
    model text not null,
    own_key boolean not null,
    status text not null default 'open' check (status in ('open', 'done', 'failed')),
    prompt_tokens integer not null default 0 check (prompt_tokens >= 0),
    completion_tokens integer not null default 0 check (completion_tokens >= 0),
    cost_usd numeric(16, 9) not null check (cost_usd >= 0),
    began_at timestamptz not null default now(),
    ended_at timestamptz
);
create index on model_calls (user_id, began_at);
create index on model_calls (course_id, began_at);
create index on model_calls (model, purpose, ended_at desc) where status = 'done';
comment on column model_calls.user_id is 'whose call it was; null: nobody''s, or they were erased: what a course has cost stays known';
comment on column model_calls.run_id is 'the answer''s run (chat_runs), or Dagster''s; null: neither';
comment on column model_calls.own_key is 'paid with a key of this person; false: with the operator''s';
comment on column model_calls.status is 'open: under way, or its process died; failed: with no answer, or not with a whole one';
comment on column model_calls.cost_usd is 'as the provider said, 0 where it did not; while it is open what it is expected to cost at most';

alter table users add column daily_usd double precision check (daily_usd >= 0);
alter table courses add column daily_usd double precision check (daily_usd >= 0);
comment on column users.daily_usd is 'most that their calls may cost a day (UTC), whoever pays; null: as PERSON_DAILY_USD says';
comment on column courses.daily_usd is 'most that the operator pays for its calls a day (UTC); null: as COURSE_DAILY_USD says';
grant update (daily_usd) on users to studybuddy_app;

alter table model_calls enable row level security, force row level security;
create policy everything on model_calls to studybuddy_pipeline, current_user using (true);
create policy reading on model_calls for select to studybuddy_app
    using (user_id = current_person() or course_id in (select owned_courses()));
grant select on model_calls to studybuddy_app;
