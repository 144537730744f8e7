-- name: delete_slides
-- Drop a document's slides (and with them their descriptions) before the new ones are written.
delete from slides where course_id = %(course_id)s::uuid and document_id = %(document_id)s::uuid

-- name: document_counts
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
    select k.* from slide_chunks_knowledge k join d on k.document_id = d.id and k.course_id = d.course_id
    where k.chunker = 'standard'
),
covered as (select distinct unnest(pages) as page from c),
live as materialized (select standard_set(course_id) as id from d),
v as (
    select e.chunk_id, e.embedding from chunk_embeddings e
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
       (select count(*) from chunk_terms k join d on k.source_id = d.id and k.course_id = d.course_id
        where k.chunker = 'standard') as terms,
       (select coalesce(sum(junk_chars), 0) from s) as junk_chars,
       (select coalesce(sum(length(body)), 0) from s) as text_chars,
       (select count(*) from s join d on s.source_sha256 <> d.sha256) as stale_slides,
       (select count(*) from c join d on c.source_sha256 <> d.sha256) as stale_chunks

-- name: insert_slide
-- Write one slide of a document.
insert into slides
    (course_id, document_id, page, page_label, title, body, furniture, section, text_source, junk_chars, frame_group,
     image_sha256, width_pt, height_pt, line_boxes, source_sha256, code_version)
values (%(course_id)s::uuid, %(document_id)s::uuid, %(page)s::integer, %(page_label)s::text, %(title)s::text,
        %(body)s::text, %(furniture)s::text, %(section)s::text, %(text_source)s::text, %(junk_chars)s::integer,
        %(frame_group)s::integer, %(image_sha256)s::text, %(width_pt)s::real, %(height_pt)s::real,
        %(line_boxes)s::jsonb, %(source_sha256)s::text, %(code_version)s::text)

-- name: list_due_recognitions
-- Decks whose text can be searched and whose pictures of text wait to be read: id, key (generation and run that read the
-- text, to ask for the work once), those that are being read first. Not while their own run still draws their pages, and
-- for five minutes not while another deck has no text yet: somebody waits for that, and it would stand in the queue.
select d.id, d.generation || ':recognition:' || coalesce(d.stages -> 'slides' ->> 'run_id', '') as key
from documents d
where d.id in (select f.document_id from findings f where f.code = 'not_recognised_yet' and f.source_sha256 = d.sha256)
  and d.deleted_at is null and d.requested_generation = d.generation
  and d.failed_generation is distinct from d.generation
  and d.stages -> 'slide_embeddings' ? 'ended_at' and d.stages -> 'slide_images' ? 'ended_at'
  and (d.stages -> 'recognised_slides' ? 'began_at'
       or (d.stages -> 'slide_images' ->> 'ended_at')::timestamptz < now() - interval '5 minutes'
       or not exists (
           select from documents o
           where o.deleted_at is null and o.sha256 <> '' and o.failed_generation is distinct from o.generation
             and (o.requested_generation is distinct from o.generation
                  or not coalesce(o.stages -> 'slide_embeddings' ? 'ended_at', false))))
order by d.stages -> 'recognised_slides' ->> 'began_at' nulls last, d.updated_at
limit %(limit)s::integer

-- name: list_lines_of_chunks
-- What the pages of slide chunks say and where: chunk_id, content, body, line_boxes of the page that stands for the chunk.
select c.id, c.content, s.body, s.line_boxes
from slide_chunks_knowledge as c
join slides as s on s.course_id = c.course_id and s.document_id = c.document_id and s.page = c.page
where c.course_id = %(course_id)s::uuid and c.id = any(%(chunk_ids)s::uuid[])

-- name: list_slide_descriptions
-- A document's descriptions in page order: page, text, model, prompt_tokens, completion_tokens, cost_usd.
select page, text, model, prompt_tokens, completion_tokens, cost_usd
from slide_descriptions
where course_id = %(course_id)s::uuid and document_id = %(document_id)s::uuid
order by page

-- name: list_slides
-- A document's slides in page order: the columns of records.Slide, then source_sha256.
select page, page_label, title, body, furniture, section, text_source, junk_chars, frame_group, image_sha256,
       width_pt, height_pt, line_boxes, source_sha256
from slides
where course_id = %(course_id)s::uuid and document_id = %(document_id)s::uuid
order by page

-- name: put_slide_description
-- Write one slide's description over an older one.
insert into slide_descriptions as d
    (course_id, document_id, page, text, model, prompt_version, prompt_tokens, completion_tokens, cost_usd)
values (%(course_id)s::uuid, %(document_id)s::uuid, %(page)s::integer, %(text)s::text, %(model)s::text,
        %(prompt_version)s::text, %(prompt_tokens)s::integer, %(completion_tokens)s::integer,
        %(cost_usd)s::double precision)
on conflict (course_id, document_id, page) do update set
    text = excluded.text, model = excluded.model, prompt_version = excluded.prompt_version,
    prompt_tokens = excluded.prompt_tokens, completion_tokens = excluded.completion_tokens,
    cost_usd = excluded.cost_usd

-- name: set_document_title
-- The deck's own title, once it has been read.
update documents set title = %(title)s::text where id = %(document_id)s::uuid

-- name: set_slide_image
-- Name the rendered picture of one slide, if the slide still comes from this upload.
update slides set image_sha256 = %(image_sha256)s::text
where course_id = %(course_id)s::uuid and document_id = %(document_id)s::uuid and page = %(page)s::integer
  and source_sha256 = %(source_sha256)s::text

-- name: update_slide
-- Write the text of one slide that was read again from the same upload. Nothing comes out.
update slides set page_label = %(page_label)s::text, title = %(title)s::text, body = %(body)s::text,
    furniture = %(furniture)s::text, section = %(section)s::text, text_source = %(text_source)s::text,
    junk_chars = %(junk_chars)s::integer, frame_group = %(frame_group)s::integer, line_boxes = %(line_boxes)s::jsonb,
    code_version = %(code_version)s::text
where course_id = %(course_id)s::uuid and document_id = %(document_id)s::uuid and page = %(page)s::integer
  and source_sha256 = %(source_sha256)s::text
