-- Which of these files some row still uses: sha256.
select sha256 from documents where sha256 = any(%(names)s::text[])
union
select image_sha256 from slides where image_sha256 = any(%(names)s::text[])
union
select media_sha256 from lectures where media_sha256 = any(%(names)s::text[])
union
select captions_sha256 from lectures where captions_sha256 = any(%(names)s::text[])
union
select audio_sha256 from lecture_audio where audio_sha256 = any(%(names)s::text[])
