-- The audit trail: triggers write it, so that no way in can forget to.
create table audit_events (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    action text not null,
    actor_id uuid references users on delete set null,
    subject_id uuid references users on delete cascade,
    course_id uuid,
    detail text not null default ''
);
create index on audit_events (subject_id, id);
create index on audit_events (actor_id, id);
comment on column audit_events.actor_id is 'who did it; null: the command line, the service by itself, or somebody who was erased';
comment on column audit_events.subject_id is 'whom it is about; null: nobody in particular, or somebody who was erased';
comment on column audit_events.course_id is 'the course it happened in, which may be gone; null: none';

alter table audit_events enable row level security, force row level security;
create policy everything on audit_events to studybuddy_pipeline, current_user using (true);
create policy reading on audit_events for select to studybuddy_app
    using (subject_id = current_person() or actor_id = current_person());
grant select on audit_events to studybuddy_app;

-- Writes an event down. What is about somebody who is just being erased, or in a course that is just being purged, is not.
create function note_event(what text, about uuid, course uuid, said text) returns void language sql security definer
set search_path = pg_catalog, public, pg_temp as $$
    insert into audit_events (action, actor_id, subject_id, course_id, detail)
    select what, (select id from users where id = current_person()), about, course, coalesce(said, '')
    where about is null or exists (select 1 from users where id = about)
$$;

create function audit_role() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        perform note_event('role.given', new.user_id, new.course_id, new.role);
    elsif tg_op = 'UPDATE' then
        perform note_event('role.changed', new.user_id, new.course_id, old.role || ' -> ' || new.role);
    elsif is_course(old.course_id) then
        perform note_event('role.ended', old.user_id, old.course_id, old.role);
    end if;
    return null;
end $$;
create trigger audit_given after insert or delete on user_courses for each row execute function audit_role();
create trigger audit_changed after update of role on user_courses for each row
    when (old.role is distinct from new.role) execute function audit_role();

create function audit_token() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        perform note_event('token.made', new.user_id, null, new.name);
    else
        perform note_event('token.ended', old.user_id, null, old.name);
    end if;
    return null;
end $$;
create trigger audit_token after insert or delete on access_tokens for each row execute function audit_token();

create function audit_key() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        perform note_event('key.removed', old.user_id, null, old.provider);
    else
        perform note_event('key.connected', new.user_id, null, new.provider);
    end if;
    return null;
end $$;
create trigger audit_key after insert or delete on model_keys for each row execute function audit_key();
create trigger audit_replaced_key after update of key_hash on model_keys for each row
    when (old.key_hash is distinct from new.key_hash) execute function audit_key();

create function audit_deletion() returns trigger language plpgsql as $$
begin
    if tg_table_name = 'chat_sessions' then
        perform note_event('chat.deleted', old.user_id, old.course_id, '');
    elsif tg_table_name = 'courses' then
        perform note_event('course.deleted', (select id from users where id = current_person()), old.id, old.name);
    else
        perform note_event('upload.deleted', old.owner_id, old.course_id, old.file_name);
    end if;
    return null;
end $$;
create trigger audit_deletion after delete on chat_sessions for each row execute function audit_deletion();
create trigger audit_deletion after update of deleted_at on courses for each row
    when (old.deleted_at is null and new.deleted_at is not null) execute function audit_deletion();
create trigger audit_deletion after update of deleted_at on documents for each row
    when (old.deleted_at is null and new.deleted_at is not null) execute function audit_deletion();
create trigger audit_deletion after update of deleted_at on lectures for each row
    when (old.deleted_at is null and new.deleted_at is not null) execute function audit_deletion();

create function audit_person() returns trigger language plpgsql as $$
begin
    if old.operator is distinct from new.operator then
        perform note_event(case when new.operator then 'operator.given' else 'operator.ended' end, new.id, null, '');
    end if;
    if old.suspended_at is distinct from new.suspended_at then
        perform note_event(case when new.suspended_at is null then 'person.admitted' else 'person.suspended' end, new.id,
                           null, '');
    end if;
    return null;
end $$;
create trigger audit_person after update of operator, suspended_at on users for each row execute function audit_person();
