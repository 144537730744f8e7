-- name: delete_chunks
-- Remove everything retrieval could find of one document or lecture. Nothing comes out.
with vectors as (delete from chunk_embeddings where source_id = %(source_id)s::uuid),
terms as (delete from chunk_terms where source_id = %(source_id)s::uuid),
counts as (delete from term_counts where source_id = %(source_id)s::uuid),
slides as (delete from slide_chunks_knowledge where document_id = %(source_id)s::uuid)
delete from lecture_chunks_knowledge where lecture_id = %(source_id)s::uuid

-- name: delete_chunks_of_no_set
-- Remove the chunks of a chunker that no set is of any more, of all courses, with their words and second vectors. Nothing comes
-- out, and nothing is removed while a set is of them.
with gone as materialized (
    select %(chunker)s::text as chunker
    where %(chunker)s::text <> 'standard' and not exists (
        select 1 from embedding_sets where chunker = %(chunker)s::text and role = 'main' and retired_at is null
    )
),
vectors as (
    delete from chunk_embeddings
    where set_id in (select s.id from embedding_sets s join gone using (chunker) where s.role = 'multilingual')
),
terms as (delete from chunk_terms where chunker in (select chunker from gone)),
counts as (delete from term_counts where chunker in (select chunker from gone)),
slides as (delete from slide_chunks_knowledge where chunker in (select chunker from gone))
delete from lecture_chunks_knowledge where chunker in (select chunker from gone)

-- name: delete_terms
-- Remove the words of one source's chunks of one chunker and its counts of them. Nothing comes out.
with terms as (delete from chunk_terms where source_id = %(source_id)s::uuid and chunker = %(chunker)s::text)
delete from term_counts where source_id = %(source_id)s::uuid and chunker = %(chunker)s::text

-- name: delete_vanished_chunks
-- Remove these chunks of one source and their vectors in every set. Nothing comes out; terms are replaced apart.
with vectors as (
    delete from chunk_embeddings
    where course_id = %(course_id)s::uuid and source_id = %(source_id)s::uuid and chunk_id = any(%(chunk_ids)s::uuid[])
),
slides as (
    delete from slide_chunks_knowledge where course_id = %(course_id)s::uuid and id = any(%(chunk_ids)s::uuid[])
)
delete from lecture_chunks_knowledge where course_id = %(course_id)s::uuid and id = any(%(chunk_ids)s::uuid[])

-- name: insert_chunk_terms
-- Keep the BM25 weights of one chunk's terms. Nothing comes out.
insert into chunk_terms (course_id, kind, source_id, chunk_id, terms, chunker)
values (%(course_id)s::uuid, %(kind)s::text, %(source_id)s::uuid, %(chunk_id)s::uuid, %(terms)s::sparsevec,
        %(chunker)s::text)

-- name: insert_term_counts
-- Keep in how many chunks of a source each term occurs. Nothing comes out.
insert into term_counts (course_id, source_id, term, chunks, chunker)
select %(course_id)s::uuid, %(source_id)s::uuid, term, chunks, %(chunker)s::text
from unnest(%(terms)s::integer[], %(chunks)s::integer[]) as counted (term, chunks)

-- name: list_chunk_ids
-- Ids of the chunks of one chunker that a document or lecture has now.
select id from chunks where source_id = %(source_id)s::uuid and chunker = %(chunker)s::text

-- name: list_chunks
-- The chunks of one document or lecture and chunker in order, as `Chunk` records have them.
select id, course_id, kind, source_id, ordinal, title, context, content, token_count, page, pages, page_label,
       start_ms, end_ms
from chunks where source_id = %(source_id)s::uuid and chunker = %(chunker)s::text
order by ordinal

-- name: list_chunks_without_vectors
-- The chunks of one document or lecture, of a set's chunker, that the set has no vector for, in order, as `Chunk` records.
select id, course_id, kind, source_id, ordinal, title, context, content, token_count, page, pages, page_label,
       start_ms, end_ms
from chunks as c
where source_id = %(source_id)s::uuid
  and c.chunker = (select chunker from embedding_sets where id = %(set_id)s::integer) and not exists (
    select 1 from chunk_embeddings as e
    where e.set_id = %(set_id)s::integer and e.course_id = c.course_id and e.chunk_id = c.id
)
order by ordinal

-- name: lock_source
-- Two runs that replace the chunks of one source take turns until the transaction ends. One row, nothing in it.
select pg_advisory_xact_lock(hashtextextended(%(source_id)s::uuid::text, 0))

-- name: put_slide_chunk
-- Write one chunk of a deck over the one of the same id, whose embedded text is the same. Nothing comes out.
insert into slide_chunks_knowledge
    (course_id, id, document_id, ordinal, title, context, content, token_count, page, pages, page_label,
     chunker_version, source_sha256, chunker)
values (%(course_id)s::uuid, %(id)s::uuid, %(document_id)s::uuid, %(ordinal)s::integer, %(title)s::text,
        %(context)s::text, %(content)s::text, %(token_count)s::integer, %(page)s::integer, %(pages)s::integer[],
        %(page_label)s::text, %(chunker_version)s::text, %(source_sha256)s::text, %(chunker)s::text)
on conflict (course_id, id) do update set
    ordinal = excluded.ordinal, title = excluded.title, context = excluded.context, content = excluded.content,
    token_count = excluded.token_count, page = excluded.page, pages = excluded.pages,
    page_label = excluded.page_label, chunker_version = excluded.chunker_version,
    source_sha256 = excluded.source_sha256

-- name: put_speech_chunk
-- Write one chunk of a lecture over the one of the same id, whose embedded text is the same. Nothing comes out.
insert into lecture_chunks_knowledge
    (course_id, id, lecture_id, ordinal, title, context, content, token_count, start_ms, end_ms, chunker_version,
     source_sha256, chunker)
values (%(course_id)s::uuid, %(id)s::uuid, %(lecture_id)s::uuid, %(ordinal)s::integer, %(title)s::text,
        %(context)s::text, %(content)s::text, %(token_count)s::integer, %(start_ms)s::integer, %(end_ms)s::integer,
        %(chunker_version)s::text, %(source_sha256)s::text, %(chunker)s::text)
on conflict (course_id, id) do update set
    ordinal = excluded.ordinal, title = excluded.title, context = excluded.context, content = excluded.content,
    token_count = excluded.token_count, start_ms = excluded.start_ms, end_ms = excluded.end_ms,
    chunker_version = excluded.chunker_version, source_sha256 = excluded.source_sha256
