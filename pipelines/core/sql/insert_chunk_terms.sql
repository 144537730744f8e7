-- Keep the BM25 weights of one chunk's terms. Nothing comes out.
insert into ai.chunk_terms (course_id, kind, source_id, chunk_id, terms)
values (%(course_id)s::uuid, %(kind)s::text, %(source_id)s::uuid, %(chunk_id)s::uuid, %(terms)s::sparsevec)
