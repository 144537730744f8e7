-- Say what a lecture's segments are made from, and its length where no recording says it. Nothing comes out.
with measured as (
    update lectures set duration_ms = %(duration_ms)s::integer where id = %(lecture_id)s::uuid
)
insert into transcripts
    (lecture_id, course_id, source, source_sha256, language, model, duration_ms, speech_ms, repaired, removed,
     code_version, warning)
values (%(lecture_id)s::uuid, %(course_id)s::uuid, %(source)s::text, %(source_sha256)s::text, %(language)s::text,
        %(model)s::text, %(duration_ms)s::integer, %(speech_ms)s::integer, %(repaired)s::integer,
        %(removed)s::integer, %(code_version)s::text, %(warning)s::text)
on conflict (lecture_id) do update set
    source = excluded.source, source_sha256 = excluded.source_sha256, language = excluded.language,
    model = excluded.model, duration_ms = excluded.duration_ms, speech_ms = excluded.speech_ms,
    repaired = excluded.repaired, removed = excluded.removed, code_version = excluded.code_version,
    warning = excluded.warning, made_at = now()
