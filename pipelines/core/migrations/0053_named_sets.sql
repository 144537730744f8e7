-- Embedding sets that a person adds by name stand beside those that the settings make, and each course is searched in one.
alter table ai.embedding_sets
    add column name text,
    add column base_url text,
    add column chunker text not null default 'standard',
    add column added boolean not null default false,
    add column retired_at timestamptz;
update ai.embedding_sets
set name = model || ':' || dims || case search_text_version when '1' then '' else ':' || search_text_version end;
alter table ai.embedding_sets alter column name set not null, add unique (name);
alter table ai.embedding_sets drop constraint embedding_sets_model_dims_chunker_version_key;
create unique index embedding_sets_of_settings on ai.embedding_sets (model, dims, search_text_version) where not added;
comment on column ai.embedding_sets.base_url is 'where its vectors are asked for; null: where the settings say';
comment on column ai.embedding_sets.chunker is 'the rules its chunks are cut by; each chunk names their version';
comment on column ai.embedding_sets.added is 'a person added it by name; else the settings did, when they named its model';
comment on column ai.embedding_sets.retired_at is 'its vectors are gone, and its name stays taken';

-- No row: the course is searched in the set that is live for all.
create table ai.course_sets (
    course_id uuid primary key references courses on delete cascade,
    set_id integer not null references ai.embedding_sets,
    previous_id integer references ai.embedding_sets,
    promoted_at timestamptz not null default now()
);
comment on column ai.course_sets.previous_id is 'what a rollback goes back to; null: nothing, one was just taken';
alter table ai.course_sets enable row level security, force row level security;
create policy everything on ai.course_sets to studybuddy_pipeline, current_user using (true);
grant select, insert, update, delete on ai.course_sets to studybuddy_pipeline;

-- Which set a course is searched in; null: nothing was embedded yet. The service reads it for whoever asks.
create function ai.live_set(course uuid) returns integer language sql stable security definer
set search_path = pg_catalog, public, pg_temp as $$
    select coalesce((select set_id from ai.course_sets where course_id = course),
                    (select id from ai.embedding_sets where live and role = 'main'))
$$;

create function ai.drop_embedding_partition(set_id integer) returns void language plpgsql
security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    execute format('drop table if exists ai.chunk_embeddings_%s', set_id);
end $$;
revoke execute on function ai.drop_embedding_partition(integer) from public;
grant execute on function ai.drop_embedding_partition(integer) to studybuddy_pipeline;
