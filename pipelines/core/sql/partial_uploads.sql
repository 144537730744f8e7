-- name: begin_partial_upload
-- Begin an upload in pieces: id, user_id, course_id, metadata, byte_count, expires_at, upload_id. No row: the person has
-- as many that are not whole as one may have.
insert into partial_uploads (user_id, course_id, metadata, byte_count, expires_at)
select %(user_id)s::uuid, %(course_id)s::uuid, %(metadata)s::text, %(byte_count)s::bigint,
       now() + %(kept)s::interval
where (select count(*) from partial_uploads
       where user_id = %(user_id)s::uuid and upload_id is null and expires_at > now()) < %(most)s::integer
returning id, user_id, course_id, metadata, byte_count, expires_at, upload_id

-- name: delete_expired_partial_uploads
-- Give up uploads in pieces that nobody has gone on with. Rows touched.
delete from partial_uploads where expires_at <= now()

-- name: delete_partial_upload
-- Give up an upload in pieces. A row (the id) when it was there.
delete from partial_uploads where id = %(id)s::uuid and user_id = %(user_id)s::uuid returning id

-- name: keep_partial_upload
-- A person's upload in pieces, which is kept for as long again: id, user_id, course_id, metadata, byte_count, expires_at,
-- upload_id. No row: they have none of that id.
update partial_uploads set expires_at = now() + %(kept)s::interval
where id = %(id)s::uuid and user_id = %(user_id)s::uuid and expires_at > now()
returning id, user_id, course_id, metadata, byte_count, expires_at, upload_id

-- name: list_unfinished_partial_uploads
-- Which of these uploads in pieces have rows and are not whole: id.
select id from partial_uploads where id = any(%(ids)s::uuid[]) and upload_id is null

-- name: note_taken_upload
-- What an upload in pieces became. Nothing comes out.
update partial_uploads set upload_id = %(upload_id)s::uuid where id = %(id)s::uuid

-- name: take_partial_upload
-- An upload in pieces is whole and becomes an upload: from here on it no more counts as kept beside that. A row (the id);
-- none: it was given up or taken meanwhile.
update partial_uploads set upload_id = id where id = %(id)s::uuid and upload_id is null returning id
