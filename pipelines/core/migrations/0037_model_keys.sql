-- Keys of model providers: each person's own, sealed; connecting OpenRouter; and which model answers whom.
create table model_keys (
    id uuid primary key,
    user_id uuid not null unique references users on delete cascade,
    provider text not null check (provider in ('openrouter', 'compatible')),
    base_url text check ((base_url is null) = (provider = 'openrouter')),
    sealed bytea not null,
    key_hash bytea not null,
    label text,
    rejected_at timestamptz,
    created_at timestamptz not null default now()
);
comment on table model_keys is 'the one key of each person, with which their questions and uploads are paid';
comment on column model_keys.base_url is 'where a key of another provider than OpenRouter is good; null: at OPENROUTER_URL';
comment on column model_keys.sealed is 'the key, sealed for this person, provider and id (core/secrets/crypto.py)';
comment on column model_keys.key_hash is 'sha256 of the key, which is OpenRouter''s name of it in addresses of its pages';
comment on column model_keys.label is 'what the provider calls the key; null: it did not say';
comment on column model_keys.rejected_at is 'since when the provider refuses the key; null: it is good as far as is known';

create table openrouter_attempts (
    nonce_hash bytea primary key,
    user_id uuid not null references users on delete cascade,
    browser_hash bytea not null,
    verifier_sealed bytea not null,
    return_to text not null,
    ends_at timestamptz not null
);
create index on openrouter_attempts (user_id);
comment on table openrouter_attempts is 'people on their way to OpenRouter; a row is taken away by the first return';
comment on column openrouter_attempts.nonce_hash is 'sha256 of our nonce in the address they come back to';
comment on column openrouter_attempts.browser_hash is 'sha256 of the secret in a cookie of the browser that began';

alter table users add column chat_model text;
alter table courses add column chat_model text;
comment on column users.chat_model is 'the model they chose for their answers; null: the course''s, or CHAT_MODEL';
comment on column courses.chat_model is 'the model that answers members who chose none and pay themselves; null: CHAT_MODEL';

create function set_course_model(course uuid, model text) returns boolean language plpgsql security definer
set search_path = pg_catalog, public, pg_temp as $$
begin
    update courses set chat_model = model
    where id = course and deleted_at is null and id in (select taught_courses());
    return found;
end $$;

-- A new key describes the decks that waited for one.
create function describe_with_key() returns trigger language plpgsql security definer
set search_path = pg_catalog, public, pg_temp as $$
begin
    update description_refusals r set retry_at = now()
    from documents d where d.id = r.document_id and d.owner_id = new.user_id and d.deleted_at is null;
    if found then
        notify studybuddy_uploads;
    end if;
    return null;
end $$;
create trigger key_connected after insert or update of sealed, rejected_at on model_keys for each row
    when (new.rejected_at is null) execute function describe_with_key();

do $$
declare
    secured text;
begin
    foreach secured in array array['model_keys', 'openrouter_attempts'] loop
        execute format('alter table %I enable row level security, force row level security', secured);
        execute format('create policy everything on %I to studybuddy_pipeline, current_user using (true)', secured);
        execute format('create policy own on %I to studybuddy_app using (user_id = current_person())', secured);
        execute format('grant select, insert, update, delete on %I to studybuddy_app', secured);
    end loop;
end $$;
grant update (chat_model) on users to studybuddy_app;
