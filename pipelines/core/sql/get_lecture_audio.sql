-- The decoded sound of a lecture: media_sha256, audio_sha256, duration_ms, bad_packets, code_version. No row: none.
select media_sha256, audio_sha256, duration_ms, bad_packets, code_version
from lecture_audio where lecture_id = %(lecture_id)s::uuid
