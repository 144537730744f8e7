-- Remove a deleted document's rows. Rows: sha256 of every file it used, for the caller to drop where nobody else does.
with gone as (
    delete from documents where id = %(document_id)s::uuid and deleted_at is not null returning id, sha256
)
select sha256 from gone
union
select image_sha256 from slides where document_id in (select id from gone) and image_sha256 is not null
