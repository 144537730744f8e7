-- What readers will see of one document, counted back from the tables. One row: slides, pages (highest page number),
-- images, descriptions, chunks, chunk_pages (slides some chunk stands for), text_slides (slides with text or a
-- description), uncovered_slides (those of them no chunk stands for), vectors, bad_vectors (not of length 1 within
-- 0.01), orphan_vectors, terms, junk_chars, text_chars, stale_slides, stale_chunks (made from another upload).
with d as (
    select id, course_id, sha256 from documents where id = %(document_id)s::uuid and deleted_at is null
),
s as (select slides.* from slides join d on slides.document_id = d.id and slides.course_id = d.course_id),
p as (
    select slide_descriptions.page from slide_descriptions
    join d on slide_descriptions.document_id = d.id and slide_descriptions.course_id = d.course_id
),
c as (
    select k.* from ai.slide_chunks_knowledge k join d on k.document_id = d.id and k.course_id = d.course_id
),
covered as (select distinct unnest(pages) as page from c),
live as (select id, chunker_version from ai.embedding_sets where live),
v as (
    select e.chunk_id, e.embedding from ai.chunk_embeddings e
    join d on e.source_id = d.id and e.course_id = d.course_id
    where e.set_id = (select id from live)
),
t as (select s.page from s left join p on p.page = s.page where s.body <> '' or s.title <> '' or p.page is not null)
select (select count(*) from s) as slides,
       (select coalesce(max(page), 0) from s) as pages,
       (select count(*) from s where image_sha256 is not null) as images,
       (select count(*) from p) as descriptions,
       (select count(*) from c) as chunks,
       (select count(*) from covered) as chunk_pages,
       (select count(*) from t) as text_slides,
       (select count(*) from t where page not in (select page from covered)) as uncovered_slides,
       (select count(*) from v where chunk_id in (select id from c)) as vectors,
       (select count(*) from v where abs(l2_norm(embedding) - 1) > 0.01) as bad_vectors,
       (select count(*) from v where chunk_id not in (select id from c)) as orphan_vectors,
       (select count(*) from ai.chunk_terms k join d on k.source_id = d.id and k.course_id = d.course_id) as terms,
       (select coalesce(sum(junk_chars), 0) from s) as junk_chars,
       (select coalesce(sum(length(body)), 0) from s) as text_chars,
       (select count(*) from s join d on s.source_sha256 <> d.sha256) as stale_slides,
       (select count(*) from c join d on c.source_sha256 <> d.sha256) as stale_chunks
