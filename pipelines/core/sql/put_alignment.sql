-- Say what a lecture's spans were made from. Nothing comes out.
insert into lecture_alignments (lecture_id, recipe, deck_sha256s)
values (%(lecture_id)s::uuid, %(recipe)s::text, %(deck_sha256s)s::text[])
on conflict (lecture_id) do update set
    recipe = excluded.recipe, deck_sha256s = excluded.deck_sha256s, made_at = now()
