-- Delete wins at once: the tombstone is set and nothing of the document can be retrieved any more.
-- Rows (the id) only when it was there. Slides, chunks and vectors go in the same statement; files go with the purge.
with gone as (
    update documents set deleted_at = now(), generation = generation + 1
    where id = %(document_id)s::uuid and deleted_at is null
    returning id
),
vectors as (delete from ai.chunk_embeddings where source_id in (select id from gone)),
terms as (delete from ai.chunk_terms where source_id in (select id from gone)),
chunks as (delete from ai.slide_chunks_knowledge where document_id in (select id from gone))
select id from gone
