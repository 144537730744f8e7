-- name: count_invitations
-- How many invitations of a course may still let somebody in: invitations.
select count(*) as invitations from invitations
where course_id = %(course_id)s::uuid and revoked_at is null and (expires_at is null or expires_at > now())
  and (uses_left is null or uses_left > 0)

-- name: enter_course
-- Who asks comes in with the invitation of this code, and keeps a higher role: course_id, ended (nobody may come in with it
-- any more). No row: there is no such code, or its course was deleted.
select course_id, ended from enter_course(%(code_hash)s::text)

-- name: insert_invitation
-- Keep an invitation. One row: its id.
insert into invitations (course_id, code_hash, role, uses_left, expires_at, created_by)
values (%(course_id)s::uuid, %(code_hash)s::text, %(role)s::text, %(uses)s::integer, %(expires_at)s::timestamptz,
        %(user_id)s::uuid)
returning id

-- name: list_invitations
-- Invitations of a course that were not revoked, newest first: id, role, uses_left, expires_at, created_at.
select id, role, uses_left, expires_at, created_at from invitations
where course_id = %(course_id)s::uuid and revoked_at is null
order by created_at desc, id

-- name: read_invitation
-- What the invitation of this code leads to: course_name, role, invited_by (null: not known), expires_at, joined_as (the
-- role of who asks; null: none). No row: there is no such code, or nobody comes in with it any more.
select course_name, role, invited_by, expires_at, joined_as from read_invitation(%(code_hash)s::text)

-- name: revoke_invitation
-- End an invitation to one of these roles. A row (its id) when the course has it.
update invitations set revoked_at = coalesce(revoked_at, now())
where id = %(invitation_id)s::uuid and course_id = %(course_id)s::uuid and role = any(%(roles)s::text[])
returning id
