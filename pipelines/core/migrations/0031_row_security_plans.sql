-- Row security costs a search little: PL/pgSQL plans the questions that policies ask once a connection, SQL each time they
-- are asked, which is some 20 times a search; uploads ask two of them, not four; and who reads of one course says so,
-- which leaves the person's uploads in other courses out.

-- The one course a transaction reads of; null: of all. It takes rows away and never adds any.
create function current_course() returns uuid language sql stable as $$
    select nullif(current_setting('studybuddy.course', true), '')::uuid
$$;

create or replace function person_courses() returns setof uuid language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp rows 10 as $$
begin
    return query
    select m.course_id from user_courses m join users p on p.id = m.user_id and p.suspended_at is null
    where m.user_id = current_person();
end $$;
create or replace function taught_courses() returns setof uuid language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp rows 3 as $$
begin
    return query
    select m.course_id from user_courses m join users p on p.id = m.user_id and p.suspended_at is null
    where m.user_id = current_person() and m.role in ('teacher', 'owner');
end $$;
create or replace function visible_uploads() returns setof uuid language plpgsql stable security definer
set search_path = pg_catalog, public, pg_temp rows 500 as $$
declare
    course uuid := current_course();
begin
    return query
    with mine as materialized (
        select m.course_id, m.role in ('teacher', 'owner') as teaches
        from user_courses m join users p on p.id = m.user_id and p.suspended_at is null
        where m.user_id = current_person() and (course is null or m.course_id = course)
    )
    select d.id from documents d join mine m on m.course_id = d.course_id
    where d.owner_id = current_person() or m.teaches and (d.published or d.offered_at is not null)
       or d.published and (d.release_at is null or d.release_at <= now())
    union all
    select l.id from lectures l join mine m on m.course_id = l.course_id
    where l.owner_id = current_person() or m.teaches and (l.published or l.offered_at is not null)
       or l.published and (l.release_at is null or l.release_at <= now())
    union all
    select d.id from documents d
    where d.owner_id = current_person() and not d.published and (course is null or d.course_id = course)
    union all
    select l.id from lectures l
    where l.owner_id = current_person() and not l.published and (course is null or l.course_id = course);
end $$;

do $$
declare
    uploads text;
begin
    foreach uploads in array array['documents', 'lectures'] loop
        execute format($policy$
            alter policy reading on %1$I using (
                owner_id = current_person() and not published
                or course_id in (select person_courses())
                   and (owner_id = current_person() or published and (release_at is null or release_at <= now()))
                or course_id in (select taught_courses()) and (published or offered_at is not null))
        $policy$, uploads);
    end loop;
end $$;
