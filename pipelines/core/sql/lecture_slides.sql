-- name: delete_lecture_slides
-- Drop what is known of a lecture's slides before it is written anew: spans, and decks that were only proposed.
with proposals as (delete from lecture_documents where lecture_id = %(lecture_id)s::uuid and not given)
delete from lecture_slides where course_id = %(course_id)s::uuid and lecture_id = %(lecture_id)s::uuid

-- name: get_alignment_recipe
-- What a lecture's spans were made from: recipe. No row: it was not aligned yet.
select recipe from lecture_alignments where lecture_id = %(lecture_id)s::uuid

-- name: insert_lecture_slide
-- Write from when to when a page was up in a lecture. Nothing comes out.
insert into lecture_slides (course_id, lecture_id, start_ms, end_ms, document_id, page, confidence)
values (%(course_id)s::uuid, %(lecture_id)s::uuid, %(start_ms)s::integer, %(end_ms)s::integer,
        %(document_id)s::uuid, %(page)s::integer, %(confidence)s::double precision)

-- name: link_document
-- Say that a lecture goes through a deck of its course. A row (the deck's id) when that was not said before.
insert into lecture_documents as k (lecture_id, document_id, given)
select l.id, d.id, true
from lectures l join documents d on d.course_id = l.course_id
where l.id = %(lecture_id)s::uuid and d.id = %(document_id)s::uuid and d.deleted_at is null
  and (d.published or d.owner_id = l.owner_id)
on conflict (lecture_id, document_id) do update set given = true where not k.given
returning document_id

-- name: list_lecture_slides
-- Which page was up when in a lecture, in order: start_ms, end_ms, document_id, page (both null: no slide), confidence.
select start_ms, end_ms, document_id, page, confidence
from lecture_slides where course_id = %(course_id)s::uuid and lecture_id = %(lecture_id)s::uuid
order by start_ms

-- name: list_lectures_without_deck
-- Lectures of a course that were aligned without this upload of a deck and have no deck that a person gave: id.
select l.id
from lectures l join lecture_alignments a on a.lecture_id = l.id
where l.course_id = %(course_id)s::uuid and not %(sha256)s::text = any(a.deck_sha256s)
  and not exists (select 1 from lecture_documents k where k.lecture_id = l.id and k.given)

-- name: list_likenesses
-- How alike the speech of lectures and the decks of their course are: lecture_id, document_id, similarity, the most alike
-- first. No `document_ids` mean all of the course; decks that are private to others than the lecture's owner are left out.
-- similarity: of every stretch of speech the cosine to the deck's nearest chunk, on average over the lecture.
select lecture_id, document_id, avg(nearest) as similarity
from (
    select s.source_id as lecture_id, d.source_id as document_id, s.chunk_id, max(-(s.embedding <#> d.embedding)) as nearest
    from chunk_embeddings s
    join lectures l on l.id = s.source_id
    join documents o on o.course_id = l.course_id and (o.published or o.owner_id = l.owner_id) and o.deleted_at is null
    join chunk_embeddings d on d.set_id = s.set_id and d.course_id = s.course_id and d.kind = 'slide'
                              and d.source_id = o.id
    where s.set_id = live_set(%(course_id)s::uuid)
      and s.course_id = %(course_id)s::uuid and s.kind = 'speech'
      and s.source_id = any(%(lecture_ids)s::uuid[])
      and (%(document_ids)s::uuid[] = '{}' or d.source_id = any(%(document_ids)s::uuid[]))
    group by s.source_id, d.source_id, s.chunk_id
) as compared
group by lecture_id, document_id
order by similarity desc

-- name: list_linked_documents
-- The decks of a lecture that are not deleted, by name: document_id, given, similarity (null: not measured).
select k.document_id, k.given, k.similarity
from lecture_documents k join documents d on d.id = k.document_id and d.deleted_at is null
where k.lecture_id = %(lecture_id)s::uuid
order by d.source_name

-- name: list_outdated_alignments
-- Lectures aligned before a deck of theirs was read whole, or was replaced: lecture_id, key (of the uploads that were not
-- compared, to ask for the work once). Their decks are those a person linked, without any those proposed.
select k.lecture_id, md5(string_agg(d.sha256, ',' order by d.sha256)) as key
from lecture_documents k
join lecture_alignments a on a.lecture_id = k.lecture_id
join lectures l on l.id = k.lecture_id and l.deleted_at is null and l.requested_generation = l.generation
join documents d on d.id = k.document_id and d.deleted_at is null and d.failed_generation is distinct from d.generation
where not d.sha256 = any(a.deck_sha256s) and not is_recognising(d.id, d.sha256, d.stages)
  and (k.given or not exists (select 1 from lecture_documents o where o.lecture_id = k.lecture_id and o.given))
  and exists (
      select 1 from slide_chunks_knowledge c
      join chunk_embeddings e on e.course_id = c.course_id and e.chunk_id = c.id
      where c.course_id = d.course_id and c.document_id = d.id and c.source_sha256 = d.sha256
  )
group by k.lecture_id
limit %(limit)s::integer

-- name: propose_document
-- Propose a deck for a lecture; one a person gave stays given. Nothing comes out.
insert into lecture_documents (lecture_id, document_id, given, similarity)
values (%(lecture_id)s::uuid, %(document_id)s::uuid, false, %(similarity)s::double precision)
on conflict (lecture_id, document_id) do update set similarity = excluded.similarity

-- name: put_alignment
-- Say what a lecture's spans were made from. Nothing comes out.
insert into lecture_alignments (lecture_id, recipe, deck_sha256s)
values (%(lecture_id)s::uuid, %(recipe)s::text, %(deck_sha256s)s::text[])
on conflict (lecture_id) do update set
    recipe = excluded.recipe, deck_sha256s = excluded.deck_sha256s, made_at = now()
