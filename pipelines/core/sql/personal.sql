-- name: delete_person
-- The person's row, and with it all that is theirs alone. A row (the id) when it was there.
delete from users where id = %(person_id)s::uuid returning id

-- name: list_events
-- Events of the audit trail, newest first: id, at, action, actor_id, subject_id, course_id, detail. `person_id` null: of
-- everybody; `before` null: from the newest one on.
select id, at, action, actor_id, subject_id, course_id, detail from audit_events
where (%(person_id)s::uuid is null or subject_id = %(person_id)s::uuid or actor_id = %(person_id)s::uuid)
  and (%(before)s::bigint is null or id < %(before)s::bigint)
order by id desc
limit %(limit)s::integer

-- name: list_left_courses
-- Courses whose only owner is this person: course_id, open, heir (who teaches it longest; null: nobody else does),
-- others (how many belong to it besides).
select m.course_id, c.open,
       (select h.user_id from user_courses h
        where h.course_id = m.course_id and h.user_id <> m.user_id and h.role = 'teacher'
        order by h.created_at, h.user_id limit 1) as heir,
       (select count(*) from user_courses o where o.course_id = m.course_id and o.user_id <> m.user_id) as others
from user_courses m join courses c on c.id = m.course_id and c.deleted_at is null
where m.user_id = %(person_id)s::uuid and m.role = 'owner'
  and not exists (select 1 from user_courses o
                  where o.course_id = m.course_id and o.user_id <> m.user_id and o.role = 'owner')
order by m.course_id
for update of c

-- name: list_private_uploads
-- Uploads of this person that are nobody else's: id.
select id from {uploads} where owner_id = %(person_id)s::uuid and not published and deleted_at is null

-- name: list_own_files
-- Files of this person's uploads: course, file_name, sha256, byte_count.
select c.name as course, d.file_name, d.sha256, d.byte_count
from documents d join courses c on c.id = d.course_id
where d.owner_id = %(person_id)s::uuid and d.deleted_at is null
union all
select c.name, f.file_name, f.sha256, l.byte_count
from lectures l
join courses c on c.id = l.course_id
cross join lateral (
    values (l.file_name, l.media_sha256), (coalesce(l.captions_name, l.file_name), l.captions_sha256)
) as f (file_name, sha256)
where l.owner_id = %(person_id)s::uuid and l.deleted_at is null and f.sha256 is not null
order by 1, 2

-- name: list_personal_rows
-- Rows of a table that are a person's, without some columns: one JSON object each.
select to_jsonb(t) - %(hidden)s::text[] from {table} t where {theirs}

-- name: lock_person
-- Nothing more is recorded for this person until the transaction ends. A row (the id) when they are there.
select id from users where id = %(person_id)s::uuid for update

-- name: make_owner
-- Make a member the owner of a course. Rows touched: 1.
update user_courses set role = 'owner' where course_id = %(course_id)s::uuid and user_id = %(person_id)s::uuid

-- name: note_event
-- Writes an event into the audit trail; who does it is who the transaction is for. One row without use.
select note_event(%(action)s::text, %(subject_id)s::uuid, null, %(detail)s::text)

-- name: tell_erased
-- Lets every process end the answers of this person and forget them, when the transaction is committed. No use in its row.
select pg_notify('studybuddy_chat', 'suspended:' || %(person_id)s::text)
