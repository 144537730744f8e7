-- Who holds an invitation's code reads what it leads to before they come in. No row: there is no such code, or nobody comes in
-- with it any more; to who asks, both are the same. Who belongs to the course in this role or a higher one reads it always,
-- as `enter_course` lets them in.
create function read_invitation(code_hash text)
returns table (course_name text, role text, invited_by text, expires_at timestamptz, joined_as text)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
    select c.name, i.role, inviter.name, i.expires_at, m.role
    from invitations i
    join courses c on c.id = i.course_id and c.deleted_at is null
    join users reader on reader.id = current_person() and reader.suspended_at is null
    left join users inviter on inviter.id = i.created_by
    left join user_courses m on m.course_id = c.id and m.user_id = reader.id
    where i.code_hash = read_invitation.code_hash
      and (coalesce(array_position(array['student', 'teacher', 'owner'], m.role), 0)
               >= array_position(array['student', 'teacher', 'owner'], i.role)
           or c.archived_at is null and i.revoked_at is null
              and coalesce(i.expires_at > now(), true) and coalesce(i.uses_left > 0, true))
$$;
