-- name: hold_files
-- Keep these files from being removed until the transaction ends, waiting for whoever removes one now. Rows of nothing.
select pg_advisory_xact_lock_shared(hashtextextended(name, 20))
from (select unnest(%(names)s::text[]) as name order by 1) as f

-- name: list_referenced_files
-- Files that some row refers to, of these or (null) of all: sha256. Every column that names a stored file is here.
select sha256 from documents where sha256 <> '' and (%(names)s::text[] is null or sha256 = any(%(names)s::text[]))
union
select image_sha256 from slides
where image_sha256 is not null and (%(names)s::text[] is null or image_sha256 = any(%(names)s::text[]))
union
select media_sha256 from lectures
where media_sha256 is not null and (%(names)s::text[] is null or media_sha256 = any(%(names)s::text[]))
union
select captions_sha256 from lectures
where captions_sha256 is not null and (%(names)s::text[] is null or captions_sha256 = any(%(names)s::text[]))
union
select pdf_sha256 from document_pdfs where %(names)s::text[] is null or pdf_sha256 = any(%(names)s::text[])
union
select audio_sha256 from lecture_audio where %(names)s::text[] is null or audio_sha256 = any(%(names)s::text[])
union
select frames_sha256 from lecture_frames
where frames_sha256 is not null and (%(names)s::text[] is null or frames_sha256 = any(%(names)s::text[]))
union
select image_sha256 from message_sources
where image_sha256 is not null and (%(names)s::text[] is null or image_sha256 = any(%(names)s::text[]))

-- name: lock_files
-- Keep everybody from referring to these files until the transaction ends, waiting for those who are at it. Rows of
-- nothing.
select pg_advisory_xact_lock(hashtextextended(name, 20))
from (select unnest(%(names)s::text[]) as name order by 1) as f
