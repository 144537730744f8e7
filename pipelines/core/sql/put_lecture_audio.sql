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
