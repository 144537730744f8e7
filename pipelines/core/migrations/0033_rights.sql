-- What gives rights in a course runs for who asks, like everything else they do: where row security lets nobody write by
-- themselves, these ask once more, and write for `current_person()` alone.

create function make_course(
    name text, language text, code text, term text, instructor text, open boolean, students_add_lectures boolean
) returns uuid language sql security definer set search_path = pg_catalog, public, pg_temp as $$
    with made as (
        insert into courses (name, language, code, term, instructor, open, students_add_lectures)
        select $1, $2, $3, $4, $5, $6, $7 from users where id = current_person() and suspended_at is null
        returning id
    )
    insert into user_courses (user_id, course_id, role) select current_person(), id, 'owner' from made
    returning course_id
$$;

create function join_open_course(course uuid) returns void language sql security definer
set search_path = pg_catalog, public, pg_temp as $$
    insert into user_courses (user_id, course_id, role)
    select u.id, c.id, 'student' from courses c, users u
    where c.id = course and c.open and c.archived_at is null and c.deleted_at is null
      and u.id = current_person() and u.suspended_at is null
    on conflict do nothing
$$;

-- Who belongs to the course already keeps the higher role, and spends nothing.
create function enter_course(code_hash text) returns table (course_id uuid, ended boolean) language plpgsql security definer
set search_path = pg_catalog, public, pg_temp as $$
declare
    found_ invitations;
    archived boolean;
    roles constant text[] := array['student', 'teacher', 'owner'];
    known text;
begin
    select i.* into found_ from invitations i where i.code_hash = enter_course.code_hash for update;
    select c.archived_at is not null into archived from courses c where c.id = found_.course_id and c.deleted_at is null;
    if not found or not exists (select from users u where u.id = current_person() and u.suspended_at is null) then
        return;
    end if;
    course_id := found_.course_id;
    select m.role into known from user_courses m where m.course_id = found_.course_id and m.user_id = current_person();
    ended := coalesce(array_position(roles, known), 0) < array_position(roles, found_.role)
        and (archived or found_.revoked_at is not null or coalesce(found_.expires_at <= now(), false)
             or coalesce(found_.uses_left = 0, false));
    if not ended and coalesce(array_position(roles, known), 0) < array_position(roles, found_.role) then
        update invitations i set uses_left = i.uses_left - 1 where i.id = found_.id;
        insert into user_courses as m (user_id, course_id, role)
        values (current_person(), found_.course_id, found_.role)
        on conflict on constraint user_courses_pkey do update set role = excluded.role;
    end if;
    return next;
end $$;

-- Bytes of uploads that are not deleted: a person's, and all of a course. Quotas count what the person may not see. No row:
-- it is another who asks, or they do not belong to the course.
create function kept_bytes(course uuid, owner uuid) returns table (theirs bigint, all_of_it bigint)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select coalesce(sum(byte_count) filter (where owner_id = owner), 0)::bigint,
           coalesce(sum(byte_count) filter (where course_id = course), 0)::bigint
    from (
        select owner_id, course_id, byte_count from documents
        where (owner_id = owner or course_id = course) and deleted_at is null
        union all
        select owner_id, course_id, byte_count from lectures
        where (owner_id = owner or course_id = course) and deleted_at is null
    ) u
    having current_person() is null or (owner = current_person() and course in (select person_courses()))
$$;
