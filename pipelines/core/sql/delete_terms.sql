-- Remove the words of one source's chunks and its counts of them. Nothing comes out.
with terms as (delete from ai.chunk_terms where source_id = %(source_id)s::uuid)
delete from ai.term_counts where source_id = %(source_id)s::uuid
