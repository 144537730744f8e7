-- name: find_linked_lecture
-- Their lecture of a course that has this link: id. No row: none has.
select id from lectures
where course_id = %(course_id)s::uuid and owner_id = %(owner_id)s::uuid and media_url = %(url)s::text and deleted_at is null
order by created_at limit 1

-- name: get_link
-- Where a lecture's recording comes from: media_url, owner_id (null: erased), local (it is the local person's). No row: the
-- lecture was deleted.
select media_url, owner_id, owner_id is not distinct from local_person() as local from lectures where id = %(lecture_id)s::uuid and deleted_at is null

-- name: put_fetched_recording
-- A lecture's recording is here. A row (the id) when the lecture still waits for it.
update lectures set media_sha256 = %(sha256)s::text, byte_count = %(byte_count)s::bigint, updated_at = now()
where id = %(lecture_id)s::uuid and generation = %(generation)s::integer and media_sha256 is null and deleted_at is null
returning id

-- name: put_linked_lecture
-- Record a lecture whose recording is to be fetched: id. No row: there is no such course, or they have a file of that
-- name there.
insert into lectures (course_id, title, file_name, source_name, media_url, captions_sha256, captions_name, byte_count,
                      owner_id, published, language, prefer_speech)
select id, %(title)s::text, %(file_name)s::text, %(file_name)s::text, %(url)s::text, %(captions_sha256)s::text,
       %(captions_name)s::text, %(byte_count)s::bigint, %(owner_id)s::uuid, %(published)s::boolean,
       %(language)s::text, coalesce(%(prefer_speech)s::boolean, false)
from courses where id = %(course_id)s::uuid and deleted_at is null for key share
on conflict (course_id, owner_id, source_name) where deleted_at is null do nothing
returning id
