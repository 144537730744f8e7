-- Write the vector of one chunk in one set. Nothing comes out.
insert into ai.chunk_embeddings (set_id, course_id, kind, source_id, chunk_id, embedding)
values (%(set_id)s::integer, %(course_id)s::uuid, %(kind)s::text, %(source_id)s::uuid, %(chunk_id)s::uuid,
        %(embedding)s::halfvec)
on conflict (set_id, course_id, chunk_id) do update set embedding = excluded.embedding
