-- Record a recording, captions, or both. One row: the columns of records.Lecture, and outcome (`created`, `replaced`,
-- `unchanged`). Under a known source_name they join or replace what is there: what is not given now (null) stays, what
-- changed makes a new generation. Captions and a recording whose names differ in the ending only are one lecture.
with known as (
    select id, source_name, generation from lectures
    where course_id = %(course_id)s::uuid and deleted_at is null
      and (source_name = %(source_name)s::text
           or (regexp_replace(source_name, '\.[^./]*$', '') = regexp_replace(%(source_name)s::text, '\.[^./]*$', '')
               and (media_sha256 is null or %(media_sha256)s::text is null)))
    order by source_name = %(source_name)s::text desc, created_at
    limit 1
),
put as (
    insert into lectures as l
        (course_id, title, file_name, source_name, media_sha256, captions_sha256, captions_name, byte_count, language,
         prefer_speech, created_by, claimed_until)
    values (%(course_id)s::uuid, %(title)s::text, %(file_name)s::text,
            coalesce((select source_name from known), %(source_name)s::text), %(media_sha256)s::text,
            %(captions_sha256)s::text, %(captions_name)s::text, %(byte_count)s::bigint, %(language)s::text,
            coalesce(%(prefer_speech)s::boolean, false), %(created_by)s::uuid,
            now() + make_interval(secs => %(claim_s)s::float8))
    on conflict (course_id, source_name) where deleted_at is null do update set
        title = case when excluded.media_sha256 is null and l.media_sha256 is not null then l.title else excluded.title end,
        file_name = case when excluded.media_sha256 is null and l.media_sha256 is not null
                         then l.file_name else excluded.file_name end,
        byte_count = case when excluded.media_sha256 is null and l.media_sha256 is not null
                          then l.byte_count else excluded.byte_count end,
        media_sha256 = coalesce(excluded.media_sha256, l.media_sha256),
        captions_sha256 = coalesce(excluded.captions_sha256, l.captions_sha256),
        captions_name = coalesce(excluded.captions_name, l.captions_name),
        language = coalesce(excluded.language, l.language),
        prefer_speech = coalesce(%(prefer_speech)s::boolean, l.prefer_speech),
        generation = l.generation + case
            when (excluded.media_sha256 is not null and excluded.media_sha256 is distinct from l.media_sha256)
              or (excluded.captions_sha256 is not null and excluded.captions_sha256 is distinct from l.captions_sha256)
              or (excluded.language is not null and excluded.language is distinct from l.language)
              or %(prefer_speech)s::boolean <> l.prefer_speech then 1 else 0 end,
        claimed_until = excluded.claimed_until,
        updated_at = now()
    returning l.*
)
select put.id, put.course_id, put.title, put.file_name, put.source_name, put.media_sha256, put.captions_sha256,
       put.captions_name, put.byte_count, put.generation, put.language, put.prefer_speech, put.duration_ms,
       put.deleted_at,
       case when put.failed_generation = put.generation then put.failure_code end as failure_code,
       case when put.failed_generation = put.generation then put.failure end as failure,
       case when known.id is null then 'created'
            when known.generation <> put.generation then 'replaced'
            else 'unchanged' end as outcome
from put left join known on known.id = put.id
