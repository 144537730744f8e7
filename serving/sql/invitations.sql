-- name: count_invitations
-- How many invitations of a course may still let somebody in: invitations.
select count(*) as invitations from invitations
where course_id = %(course_id)s::uuid and revoked_at is null and (expires_at is null or expires_at > now())
  and (uses_left is null or uses_left > 0)

-- name: find_invitation
-- The invitation of this code, held until the transaction ends: id, course_id, role, ended (nobody may come in with it any
-- more). No row: there is no such code, or its course was deleted.
select i.id, i.course_id, i.role,
       i.revoked_at is not null or coalesce(i.expires_at <= now(), false) or coalesce(i.uses_left = 0, false)
       or c.archived_at is not null as ended
from invitations i join courses c on c.id = i.course_id and c.deleted_at is null
where i.code_hash = %(code_hash)s::text
for update of i

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

-- name: revoke_invitation
-- End an invitation to one of these roles. A row (its id) when the course has it.
update invitations set revoked_at = coalesce(revoked_at, now())
where id = %(invitation_id)s::uuid and course_id = %(course_id)s::uuid and role = any(%(roles)s::text[])
returning id

-- name: spend_invitation
-- One person has come in. Nothing comes out.
update invitations set uses_left = uses_left - 1 where id = %(invitation_id)s::uuid
