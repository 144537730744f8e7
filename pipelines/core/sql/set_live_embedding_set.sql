-- Searches read this set from now on. Nothing comes out.
update ai.embedding_sets set live = true where id = %(set_id)s::integer
