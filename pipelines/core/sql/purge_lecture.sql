-- Remove a deleted lecture's rows. Rows: sha256 of every file it used, for the caller to drop where nobody else does.
with gone as (
    delete from lectures where id = %(lecture_id)s::uuid and deleted_at is not null
    returning id, media_sha256, captions_sha256
)
select media_sha256 from gone where media_sha256 is not null
union
select captions_sha256 from gone where captions_sha256 is not null
union
select audio_sha256 from lecture_audio where lecture_id in (select id from gone)
