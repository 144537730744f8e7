-- name: find_adder
-- What a person is in a course (role, null: no member), and whether its students_add_lectures. No row: no such course.
select role_in(id, %(person_id)s::uuid) as role, students_add_lectures
from courses where id = %(course_id)s::uuid and deleted_at is null

-- name: find_changed_upload
-- Their upload in a course that new bytes under this name would change: id. Where `by_stem` says so, names that differ in
-- their ending alone are one. No row: they have none, or it holds these bytes.
select id from {uploads}
where course_id = %(course_id)s::uuid and owner_id = %(person_id)s::uuid and deleted_at is null
  and (source_name = %(source_name)s::text or %(by_stem)s::boolean
       and regexp_replace(source_name, '\.[^./]*$', '') = regexp_replace(%(source_name)s::text, '\.[^./]*$', ''))
  and not {contents} @> %(contents)s::text[]
limit 1

-- name: lock_quotas
-- Uploads of one person, and of one course, take turns until the transaction ends. One row, nothing in it.
select pg_advisory_xact_lock(least(o, c)), pg_advisory_xact_lock(greatest(o, c))
from (select hashtextextended(%(owner_id)s::uuid::text, 31) as o, hashtextextended(%(course_id)s::uuid::text, 31) as c) k

-- name: sum_uploads
-- Bytes of uploads that are not deleted: theirs, and all of the course. No row: who asks does not belong to it.
select theirs, all_of_it from kept_bytes(%(course_id)s::uuid, %(owner_id)s::uuid)
