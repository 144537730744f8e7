-- Row security, the second lock: what a transaction sees and writes is bound to the person it is for, whatever a statement
-- forgets to ask. Rules are those of `core/access.py`; docs/decisions/0015 says why roles are set and not logged in as.
do $$
declare
    wanted text;
begin
    foreach wanted in array array['studybuddy_app', 'studybuddy_pipeline'] loop
        begin
            if not exists (select 1 from pg_roles where rolname = wanted) then
                execute format('create role %I nologin', wanted);
            end if;
        exception when duplicate_object or unique_violation then
            null;  -- a database beside this one made it at the same moment
        end;
        begin
            execute format('set local role %I', wanted);
            set local role none;
        exception when insufficient_privilege then
            execute format('grant %I to current_user', wanted);
        end;
    end loop;
exception when insufficient_privilege then
    raise exception using message = format(
        'the database''s user %I may not make or take the roles of row security. As an administrator run: '
        'create role studybuddy_app nologin; create role studybuddy_pipeline nologin; '
        'grant studybuddy_app, studybuddy_pipeline to %I; then start again (roles that are there need no second making)',
        current_user, current_user);
end $$;

grant usage on schema public, ai to studybuddy_app, studybuddy_pipeline;
grant select, insert, update, delete on all tables in schema public, ai to studybuddy_pipeline;
alter default privileges in schema public grant select, insert, update, delete on tables to studybuddy_pipeline;
alter default privileges in schema ai grant select, insert, update, delete on tables to studybuddy_pipeline;
revoke insert, update, delete on schema_migrations from studybuddy_pipeline;

-- Who asks: set for one transaction; null: nobody, who sees nothing.
create function current_person() returns uuid language sql stable as $$
    select nullif(current_setting('studybuddy.person', true), '')::uuid
$$;

-- Policies ask these, which see all rows, as their owner does: a policy of one table can then not depend on another's.
create function person_courses() returns setof uuid language sql stable security definer
set search_path = pg_catalog, public, pg_temp rows 10 as $$
    select m.course_id from user_courses m join users p on p.id = m.user_id and p.suspended_at is null
    where m.user_id = current_person()
$$;
create function taught_courses() returns setof uuid language sql stable security definer
set search_path = pg_catalog, public, pg_temp rows 3 as $$
    select m.course_id from user_courses m join users p on p.id = m.user_id and p.suspended_at is null
    where m.user_id = current_person() and m.role in ('teacher', 'owner')
$$;
create function owned_courses() returns setof uuid language sql stable security definer
set search_path = pg_catalog, public, pg_temp rows 3 as $$
    select m.course_id from user_courses m join users p on p.id = m.user_id and p.suspended_at is null
    where m.user_id = current_person() and m.role = 'owner'
$$;
create function fellow_people() returns setof uuid language sql stable security definer
set search_path = pg_catalog, public, pg_temp rows 100 as $$
    select user_id from user_courses where course_id in (select person_courses())
$$;
create function visible_uploads() returns setof uuid language sql stable security definer
set search_path = pg_catalog, public, pg_temp rows 500 as $$
    with mine as materialized (
        select m.course_id, m.role in ('teacher', 'owner') as teaches
        from user_courses m join users p on p.id = m.user_id and p.suspended_at is null
        where m.user_id = current_person()
    )
    select d.id from documents d join mine m on m.course_id = d.course_id
    where d.owner_id = current_person() or m.teaches and (d.published or d.offered_at is not null)
       or d.published and (d.release_at is null or d.release_at <= now())
    union all
    select l.id from lectures l join mine m on m.course_id = l.course_id
    where l.owner_id = current_person() or m.teaches and (l.published or l.offered_at is not null)
       or l.published and (l.release_at is null or l.release_at <= now())
    union all
    select id from documents where owner_id = current_person() and not published
    union all
    select id from lectures where owner_id = current_person() and not published
$$;
create function managed_uploads() returns setof uuid language sql stable security definer
set search_path = pg_catalog, public, pg_temp rows 500 as $$
    select id from documents where owner_id = current_person() and not published
        or course_id in (select taught_courses()) and (owner_id = current_person() or published or offered_at is not null)
    union all
    select id from lectures where owner_id = current_person() and not published
        or course_id in (select taught_courses()) and (owner_id = current_person() or published or offered_at is not null)
$$;

-- Tells a course that was deleted from one that somebody has left: to whom left, both look alike.
create function is_course(course uuid) returns boolean language sql stable security definer
set search_path = pg_catalog, public, pg_temp as $$
    select exists (select 1 from courses where id = course and deleted_at is null)
$$;

-- Who teaches takes an upload from the course, or declines it: it is its owner's alone again.
create function withdraw_upload(upload uuid) returns boolean language plpgsql security definer
set search_path = pg_catalog, public, pg_temp as $$
declare
    changed integer;
begin
    update documents set published = false, offered_at = null, release_at = null, updated_at = now()
    where id = upload and deleted_at is null and owner_id is not null and (published or offered_at is not null)
      and course_id in (select taught_courses());
    get diagnostics changed = row_count;
    if changed = 0 then
        update lectures set published = false, offered_at = null, release_at = null, updated_at = now()
        where id = upload and deleted_at is null and owner_id is not null and (published or offered_at is not null)
          and course_id in (select taught_courses());
        get diagnostics changed = row_count;
    end if;
    return changed > 0;
end $$;
-- The local person owns every course of a machine without sign-in.
create function join_local_person() returns void language sql security definer
set search_path = pg_catalog, public, pg_temp as $$
    insert into user_courses (user_id, course_id, role)
    select current_person(), id, 'owner' from courses where deleted_at is null and current_person() = local_person()
    on conflict do nothing
$$;

-- Indexes and partitions are made by who owns the table, for the pipeline.
create function ai.secure_embeddings(partition text) returns void language plpgsql as $$
begin
    execute format('alter table ai.%I enable row level security, force row level security', partition);
    execute format('create policy everything on ai.%I to studybuddy_pipeline, current_user using (true)', partition);
    execute format('create policy reading on ai.%I for select to studybuddy_app '
                   'using (source_id in (select public.visible_uploads()))', partition);
    execute format('create policy deleting on ai.%I for delete to studybuddy_app '
                   'using (source_id in (select public.managed_uploads()))', partition);
    execute format('grant select, insert, update, delete on ai.%I to studybuddy_pipeline', partition);
    execute format('grant select, delete on ai.%I to studybuddy_app', partition);
end $$;
create or replace function ai.add_embedding_partition(set_id integer, dims integer) returns void language plpgsql
security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    execute format('create table ai.chunk_embeddings_%s partition of ai.chunk_embeddings '
                   '(constraint dims check (vector_dims(embedding) = %s)) for values in (%s)', set_id, dims, set_id);
    perform ai.secure_embeddings(format('chunk_embeddings_%s', set_id));
end $$;
alter function ai.add_course_index(integer, uuid, integer) security definer;
alter function ai.add_course_index(integer, uuid, integer) set search_path = pg_catalog, public, pg_temp;
alter function ai.drop_course_index(integer, uuid) security definer;
alter function ai.drop_course_index(integer, uuid) set search_path = pg_catalog, public, pg_temp;
revoke execute on function ai.add_embedding_partition(integer, integer), ai.add_course_index(integer, uuid, integer),
    ai.drop_course_index(integer, uuid), ai.secure_embeddings(text) from public;
grant execute on function ai.add_embedding_partition(integer, integer), ai.add_course_index(integer, uuid, integer),
    ai.drop_course_index(integer, uuid) to studybuddy_pipeline;

alter view ai.chunks set (security_invoker = true);
alter view transcript_progress set (security_invoker = true);
grant select on ai.chunks, transcript_progress, ai.embedding_sets, weak_sandboxes, schema_migrations to studybuddy_app;

-- Every table of a course or a person: the pipeline and the owner of the tables go on seeing all of it.
do $$
declare
    secured text;
begin
    foreach secured in array array[
        'users', 'courses', 'user_courses', 'invitations', 'documents', 'lectures', 'user_lectures', 'slides',
        'slide_descriptions', 'findings', 'description_refusals', 'lecture_audio', 'transcripts', 'transcript_segments',
        'transcript_pieces', 'lecture_documents', 'lecture_slides', 'lecture_alignments', 'chat_sessions', 'chat_messages',
        'chat_runs', 'chat_run_events', 'chat_feedback', 'ai.message_sources', 'ai.slide_chunks_knowledge',
        'ai.lecture_chunks_knowledge', 'ai.chunk_terms', 'ai.term_counts', 'document_pdfs', 'browser_sessions',
        'access_tokens'
    ] loop
        execute format('alter table %s enable row level security, force row level security', secured);
        execute format('create policy everything on %s to studybuddy_pipeline, current_user using (true)', secured);
    end loop;
    perform ai.secure_embeddings('chunk_embeddings');
    for secured in select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
                   where i.inhparent = 'ai.chunk_embeddings'::regclass loop
        perform ai.secure_embeddings(secured);
    end loop;
end $$;

-- People see themselves and those of their courses, and change no more of themselves than their name.
grant select, update (name), delete on users to studybuddy_app;
create policy reading on users for select to studybuddy_app
    using (id = current_person() or id in (select fellow_people()));
create policy changing on users for update to studybuddy_app using (id = current_person());
create policy deleting on users for delete to studybuddy_app using (id = current_person());

grant select, update, delete on courses to studybuddy_app;
create policy reading on courses for select to studybuddy_app
    using (open and archived_at is null and current_person() is not null or id in (select person_courses()));
create policy changing on courses for update to studybuddy_app using (id in (select owned_courses()));
create policy holding on courses for update to studybuddy_app
    using (id in (select person_courses())) with check (false);  -- locks a row while an upload is recorded, no more
create policy deleting on courses for delete to studybuddy_app using (id in (select owned_courses()));

grant select, update, delete on user_courses to studybuddy_app;
create policy reading on user_courses for select to studybuddy_app
    using (user_id = current_person() or course_id in (select person_courses()));
create policy changing on user_courses for update to studybuddy_app using (course_id in (select owned_courses()));
create policy leaving on user_courses for delete to studybuddy_app
    using (user_id = current_person() or course_id in (select owned_courses()));

grant select, insert, update on invitations to studybuddy_app;
create policy inviting on invitations to studybuddy_app
    using (course_id in (select taught_courses()))
    with check (course_id in (select taught_courses()) and (role <> 'owner' or course_id in (select owned_courses())));

grant select, insert, update on documents, lectures to studybuddy_app;
do $$
declare
    uploads text;
begin
    foreach uploads in array array['documents', 'lectures'] loop
        execute format($policy$
            create policy reading on %1$I for select to studybuddy_app using (
                owner_id = current_person() and (not published or course_id in (select person_courses()))
                or course_id in (select taught_courses()) and (published or offered_at is not null)
                or published and (release_at is null or release_at <= now()) and course_id in (select person_courses()));
            create policy adding on %1$I for insert to studybuddy_app with check (
                owner_id = current_person() and course_id in (select person_courses())
                and (not published or course_id in (select taught_courses())));
            create policy changing on %1$I for update to studybuddy_app using (
                owner_id = current_person() and not published
                or course_id in (select taught_courses())
                   and (owner_id = current_person() or published or offered_at is not null)
            ) with check (
                owner_id = current_person() and not published or course_id in (select taught_courses()))
        $policy$, uploads);
    end loop;
end $$;

-- What was made of uploads is read by who sees the upload, and written by the pipeline.
do $$
declare
    made text;
begin
    foreach made in array array['slides', 'slide_descriptions', 'description_refusals', 'document_pdfs'] loop
        execute format('create policy reading on %I for select to studybuddy_app '
                       'using (exists (select 1 from documents d where d.id = document_id))', made);
        execute format('grant select on %I to studybuddy_app', made);
    end loop;
    foreach made in array array['lecture_audio', 'transcripts', 'transcript_segments', 'transcript_pieces',
                                'lecture_alignments'] loop
        execute format('create policy reading on %I for select to studybuddy_app '
                       'using (exists (select 1 from lectures l where l.id = lecture_id))', made);
        execute format('grant select on %I to studybuddy_app', made);
    end loop;
end $$;
grant select on findings, lecture_slides to studybuddy_app;
create policy reading on findings for select to studybuddy_app using (
    exists (select 1 from documents d where d.id = document_id)
    or exists (select 1 from lectures l where l.id = lecture_id));
create policy reading on lecture_slides for select to studybuddy_app using (
    exists (select 1 from lectures l where l.id = lecture_id)
    and (document_id is null or exists (select 1 from documents d where d.id = document_id)));
grant select, insert, update, delete on lecture_documents to studybuddy_app;
create policy linking on lecture_documents to studybuddy_app
    using (exists (select 1 from lectures l where l.id = lecture_id)
           and exists (select 1 from documents d where d.id = document_id))
    with check (lecture_id in (select managed_uploads())
                and exists (select 1 from documents d where d.id = document_id));

-- Chunks are many: whom they belong to is asked once a statement, and not once a row.
grant select, delete on ai.slide_chunks_knowledge, ai.lecture_chunks_knowledge, ai.chunk_terms, ai.term_counts
    to studybuddy_app;
create policy reading on ai.slide_chunks_knowledge for select to studybuddy_app
    using (document_id in (select visible_uploads()));
create policy deleting on ai.slide_chunks_knowledge for delete to studybuddy_app
    using (document_id in (select managed_uploads()));
create policy reading on ai.lecture_chunks_knowledge for select to studybuddy_app
    using (lecture_id in (select visible_uploads()));
create policy deleting on ai.lecture_chunks_knowledge for delete to studybuddy_app
    using (lecture_id in (select managed_uploads()));
create policy reading on ai.chunk_terms for select to studybuddy_app using (source_id in (select visible_uploads()));
create policy deleting on ai.chunk_terms for delete to studybuddy_app using (source_id in (select managed_uploads()));
create policy reading on ai.term_counts for select to studybuddy_app using (source_id in (select visible_uploads()));
create policy deleting on ai.term_counts for delete to studybuddy_app using (source_id in (select managed_uploads()));

-- What is one person's alone.
grant select, insert, update, delete on user_lectures, chat_sessions, chat_messages, chat_runs, chat_feedback,
    ai.message_sources, access_tokens to studybuddy_app;
create policy own on access_tokens to studybuddy_app using (user_id = current_person());
create policy own on user_lectures to studybuddy_app using (user_id = current_person())
    with check (user_id = current_person() and exists (select 1 from lectures l where l.id = lecture_id));
create policy own on chat_sessions to studybuddy_app using (user_id = current_person());
create policy own on chat_messages to studybuddy_app
    using (exists (select 1 from chat_sessions s where s.id = session_id));
create policy own on chat_runs to studybuddy_app using (exists (select 1 from chat_sessions s where s.id = session_id));
create policy own on chat_feedback to studybuddy_app
    using (exists (select 1 from chat_messages m where m.key = message_key));
create policy own on ai.message_sources to studybuddy_app
    using (exists (select 1 from chat_messages m where m.key = message_key));
