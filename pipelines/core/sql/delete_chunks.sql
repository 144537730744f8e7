-- Remove everything retrieval could find of one document or lecture. Nothing comes out.
with vectors as (delete from ai.chunk_embeddings where source_id = %(source_id)s::uuid),
terms as (delete from ai.chunk_terms where source_id = %(source_id)s::uuid),
counts as (delete from ai.term_counts where source_id = %(source_id)s::uuid),
slides as (delete from ai.slide_chunks_knowledge where document_id = %(source_id)s::uuid)
delete from ai.lecture_chunks_knowledge where lecture_id = %(source_id)s::uuid
