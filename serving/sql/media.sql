-- name: lecture_media
-- The recording of a lecture: media_sha256, file_name. No row: no such lecture in this course that the person sees, or
-- captions only.
select l.media_sha256, l.file_name from lectures l
where l.course_id = %(course_id)s::uuid and l.id = %(lecture_id)s::uuid and l.deleted_at is null
  and l.media_sha256 is not null
  and sees_upload(%(person_id)s::uuid, role_in(l.course_id, %(person_id)s::uuid), l.owner_id, l.published,
                  l.offered_at, l.release_at)

-- name: slide_image
-- The rendered page of a deck: image_sha256. No row: no such page that the person sees, or not rendered yet.
select s.image_sha256 from slides s join documents d on d.id = s.document_id
where s.course_id = %(course_id)s::uuid and s.document_id = %(document_id)s::uuid and s.page = %(page)s::integer
  and d.deleted_at is null and s.image_sha256 is not null
  and sees_upload(%(person_id)s::uuid, role_in(d.course_id, %(person_id)s::uuid), d.owner_id, d.published,
                  d.offered_at, d.release_at)

-- name: list_readable_pages
-- Pages of decks that the person sees in their courses, by course, deck and page, from the `start`th on: document_id,
-- file_name, page, title (as corrected; "": none), course.
select d.id as document_id, d.file_name, s.page, coalesce(k.title, s.title) as title, c.name as course
from user_courses m
join courses c on c.id = m.course_id and c.deleted_at is null
join documents d on d.course_id = c.id and d.deleted_at is null
                and sees_upload(%(person_id)s::uuid, role_in(d.course_id, %(person_id)s::uuid), d.owner_id, d.published,
                                d.offered_at, d.release_at)
join slides s on s.course_id = c.id and s.document_id = d.id
left join slide_corrections k on k.course_id = s.course_id and k.document_id = s.document_id and k.page = s.page
where m.user_id = %(person_id)s::uuid
order by c.name, c.id, d.file_name, d.id, s.page
offset %(start)s::integer limit %(limit)s::integer
