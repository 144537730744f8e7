-- Keep one finished piece of speech recognition. Nothing comes out.
insert into transcript_pieces
    (lecture_id, recipe, start_ms, end_ms, language, model, speech_ms, removed, retried, segments)
values (%(lecture_id)s::uuid, %(recipe)s::text, %(start_ms)s::integer, %(end_ms)s::integer, %(language)s::text,
        %(model)s::text, %(speech_ms)s::integer, %(removed)s::integer, %(retried)s::integer, %(segments)s::jsonb)
on conflict (lecture_id, start_ms) do update set
    recipe = excluded.recipe, end_ms = excluded.end_ms, language = excluded.language, model = excluded.model,
    speech_ms = excluded.speech_ms, removed = excluded.removed, retried = excluded.retried,
    segments = excluded.segments, made_at = now()
