-- name: find_lecture_by_content
-- Their lecture in a course (null owner: the local person's), under another name, that holds exactly this recording or,
-- where none is given, these captions. No row: none does.
select id, course_id, title, file_name, source_name, media_sha256, captions_sha256, captions_name, byte_count, generation,
       language, prefer_speech, duration_ms, deleted_at,
       case when failed_generation = generation then failure_code end as failure_code,
       case when failed_generation = generation then failure end as failure, origin
from lectures
where course_id = %(course_id)s::uuid and owner_id = coalesce(%(owner_id)s::uuid, local_person()) and deleted_at is null
  and regexp_replace(source_name, '\.[^./]*$', '') <> regexp_replace(%(source_name)s::text, '\.[^./]*$', '')
  and case when %(media_sha256)s::text is not null then media_sha256 = %(media_sha256)s::text
           else captions_sha256 = %(captions_sha256)s::text end
order by created_at
limit 1

-- name: get_lecture
-- One lecture that is not deleted and that a person (null: the operator) sees. No row: it is not there for them.
select id, course_id, title, file_name, source_name, media_sha256, captions_sha256, captions_name, byte_count, generation,
       language, prefer_speech, duration_ms, deleted_at,
       case when failed_generation = generation then failure_code end as failure_code,
       case when failed_generation = generation then failure end as failure, origin
from lectures
where id = %(lecture_id)s::uuid and deleted_at is null
  and sees_upload(%(person_id)s::uuid, role_in(course_id, %(person_id)s::uuid), owner_id, published, offered_at, release_at)

-- name: get_lecture_audio
-- The decoded sound of a lecture: media_sha256, audio_sha256, duration_ms, bad_packets, code_version. No row: none.
select media_sha256, audio_sha256, duration_ms, bad_packets, code_version
from lecture_audio where lecture_id = %(lecture_id)s::uuid

-- name: get_lecture_frames
-- What a lecture's recording shows: media_sha256, frames_sha256 (null: nothing that changes), scenes, looked_at, until_ms,
-- bad_packets, failure, code_version. No row: nobody looked.
select media_sha256, frames_sha256, scenes, looked_at, until_ms, bad_packets, failure, code_version
from lecture_frames where lecture_id = %(lecture_id)s::uuid

-- name: lecture_counts
-- What readers will see of one lecture, counted back from the tables. One row: segments, speech_ms (their lengths
-- together), bad_times (segments that overlap the one before or end after the lecture), chunks, uncovered_segments
-- (that no chunk stands for), vectors, bad_vectors (not of length 1 within 0.01), orphan_vectors, terms,
-- stale_transcript, stale_chunks (made from another upload), spans, slide_spans (those with a slide).
with l as (
    select id, course_id, duration_ms from lectures where id = %(lecture_id)s::uuid and deleted_at is null
),
s as (
    select g.start_ms, g.end_ms, lag(g.end_ms) over (order by g.ordinal) as before_ms
    from transcript_segments g join l on g.lecture_id = l.id and g.course_id = l.course_id
),
c as (
    select k.id, k.start_ms, k.end_ms, k.source_sha256
    from lecture_chunks_knowledge k join l on k.lecture_id = l.id and k.course_id = l.course_id
    where k.chunker = 'standard'
),
live as materialized (select standard_set(course_id) as id from l),
v as (
    select e.chunk_id, e.embedding from chunk_embeddings e
    join l on e.source_id = l.id and e.course_id = l.course_id
    where e.set_id = (select id from live)
),
covered as (select range_agg(int4range(start_ms, end_ms)) as times from c),
p as (select a.page from lecture_slides a join l on a.lecture_id = l.id and a.course_id = l.course_id)
select (select count(*) from s) as segments,
       (select coalesce(sum(end_ms - start_ms), 0) from s) as speech_ms,
       (select count(*) from s, l where s.start_ms < s.before_ms or s.end_ms > l.duration_ms) as bad_times,
       (select count(*) from c) as chunks,
       (select count(*) from s, covered
        where not coalesce(int4range(s.start_ms, s.end_ms) && covered.times, false)) as uncovered_segments,
       (select count(*) from v where chunk_id in (select id from c)) as vectors,
       (select count(*) from v where abs(l2_norm(embedding) - 1) > 0.01) as bad_vectors,
       (select count(*) from v where chunk_id not in (select id from c)) as orphan_vectors,
       (select count(*) from chunk_terms k join l on k.source_id = l.id and k.course_id = l.course_id
        where k.chunker = 'standard') as terms,
       (select count(*) from transcripts t join l on t.lecture_id = l.id
        where t.source_sha256 <> %(speech_sha256)s::text) as stale_transcript,
       (select count(*) from c where source_sha256 <> %(speech_sha256)s::text) as stale_chunks,
       (select count(*) from p) as spans,
       (select count(*) from p where page is not null) as slide_spans

-- name: list_lectures
-- Every lecture of a course that a person (null: the operator) sees, by name.
with asking as materialized (select role_in(%(course_id)s::uuid, %(person_id)s::uuid) as role)
select id, course_id, title, file_name, source_name, media_sha256, captions_sha256, captions_name, byte_count, generation,
       language, prefer_speech, duration_ms, deleted_at,
       case when failed_generation = generation then failure_code end as failure_code,
       case when failed_generation = generation then failure end as failure, origin
from lectures, asking
where course_id = %(course_id)s::uuid and deleted_at is null
  and sees_upload(%(person_id)s::uuid, asking.role, owner_id, published, offered_at, release_at)
order by source_name, id

-- name: purge_lecture
-- Remove a deleted lecture's rows. Rows: its course_id, and sha256 of every file it used, for the caller to drop where
-- nobody else does.
with gone as (
    delete from lectures where id = %(id)s::uuid and deleted_at is not null
    returning id, course_id, media_sha256, captions_sha256
)
select course_id, f.sha256 from gone, unnest(array[media_sha256, captions_sha256]) as f (sha256)
where f.sha256 is not null
union
select g.course_id, a.audio_sha256 from lecture_audio a join gone g on a.lecture_id = g.id
union
select g.course_id, f.frames_sha256 from lecture_frames f join gone g on f.lecture_id = g.id where f.frames_sha256 is not null

-- name: put_lecture
-- Record a recording, captions, or both. One row: the columns of records.Lecture, and outcome (`created`, `replaced`,
-- `unchanged`). Under a source_name that its owner (null: the local person) has already they join or replace what is there: what is not given now (null) stays, what
-- changed makes a new generation. Captions and a recording whose names differ in the ending only are one lecture.
with known as (
    select id, source_name, generation from lectures
    where course_id = %(course_id)s::uuid and owner_id = coalesce(%(owner_id)s::uuid, local_person())
      and deleted_at is null
      and (source_name = %(source_name)s::text
           or (regexp_replace(source_name, '\.[^./]*$', '') = regexp_replace(%(source_name)s::text, '\.[^./]*$', '')
               and (media_sha256 is null or %(media_sha256)s::text is null or media_sha256 = %(media_sha256)s::text)))
    order by source_name = %(source_name)s::text desc, created_at
    limit 1
),
put as (
    insert into lectures as l
        (course_id, title, file_name, source_name, origin, media_sha256, captions_sha256, captions_name, byte_count,
         language, prefer_speech, owner_id, published)
    select id, %(title)s::text, %(file_name)s::text, coalesce((select source_name from known), %(source_name)s::text),
           %(origin)s::text, %(media_sha256)s::text, %(captions_sha256)s::text, %(captions_name)s::text,
           %(byte_count)s::bigint, %(language)s::text, coalesce(%(prefer_speech)s::boolean, false),
           coalesce(%(owner_id)s::uuid, local_person()), %(published)s::boolean
    from courses where id = %(course_id)s::uuid and deleted_at is null for key share
    on conflict (course_id, owner_id, source_name) where deleted_at is null do update set
        title = case when excluded.media_sha256 is null and l.media_sha256 is not null then l.title else excluded.title end,
        file_name = case when excluded.media_sha256 is null and l.media_sha256 is not null
                         then l.file_name else excluded.file_name end,
        byte_count = case when excluded.media_sha256 is null and l.media_sha256 is not null
                          then l.byte_count else excluded.byte_count end,
        origin = case when excluded.media_sha256 is null and l.media_sha256 is not null
                      then l.origin else coalesce(excluded.origin, l.origin) end,
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
        updated_at = now()
    returning l.*
)
select put.id, put.course_id, put.title, put.file_name, put.source_name, put.media_sha256, put.captions_sha256,
       put.captions_name, put.byte_count, put.generation, put.language, put.prefer_speech, put.duration_ms,
       put.deleted_at,
       case when put.failed_generation = put.generation then put.failure_code end as failure_code,
       case when put.failed_generation = put.generation then put.failure end as failure, put.origin,
       case when known.id is null then 'created'
            when known.generation <> put.generation then 'replaced'
            else 'unchanged' end as outcome
from put left join known on known.id = put.id

-- name: put_lecture_audio
-- Name the decoded sound of a lecture, and keep its length with the lecture. Nothing comes out.
with measured as (
    update lectures set duration_ms = %(duration_ms)s::integer where id = %(lecture_id)s::uuid
)
insert into lecture_audio (lecture_id, media_sha256, audio_sha256, duration_ms, bad_packets, code_version)
values (%(lecture_id)s::uuid, %(media_sha256)s::text, %(audio_sha256)s::text, %(duration_ms)s::integer,
        %(bad_packets)s::integer, %(code_version)s::text)
on conflict (lecture_id) do update set
    media_sha256 = excluded.media_sha256, audio_sha256 = excluded.audio_sha256, duration_ms = excluded.duration_ms,
    bad_packets = excluded.bad_packets, code_version = excluded.code_version


-- name: put_lecture_frames
-- Write what a lecture's recording shows. Nothing comes out.
insert into lecture_frames (lecture_id, media_sha256, frames_sha256, scenes, looked_at, until_ms, bad_packets, failure,
                            code_version)
values (%(lecture_id)s::uuid, %(media_sha256)s::text, %(frames_sha256)s::text, %(scenes)s::integer,
        %(looked_at)s::integer, %(until_ms)s::integer, %(bad_packets)s::integer, %(failure)s::text,
        %(code_version)s::text)
on conflict (lecture_id) do update set
    media_sha256 = excluded.media_sha256, frames_sha256 = excluded.frames_sha256, scenes = excluded.scenes,
    looked_at = excluded.looked_at, until_ms = excluded.until_ms, bad_packets = excluded.bad_packets,
    failure = excluded.failure, code_version = excluded.code_version

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
