-- name: find_meeting_places
-- Where speech and slides meet: chunk_id, document_id, page, lecture_id, start_ms, end_ms. For a stretch of speech the
-- slide that was up longest during it; for a slide the stretch in which it was up longest, weighted with confidence. Only within `sources`, empty: all of the course.
-- No row for a chunk: its lecture is not aligned, or no slide was up; its slide was never spoken about.
select c.id as chunk_id, s.document_id, s.page, c.lecture_id, c.start_ms, c.end_ms
from lecture_chunks_knowledge c
cross join lateral (
    select p.document_id, p.page
    from lecture_slides p
    join documents d on d.id = p.document_id and d.deleted_at is null
                    and (%(sources)s::uuid[] = '{}' or d.id = any(%(sources)s::uuid[]))
    where p.course_id = c.course_id and p.lecture_id = c.lecture_id
      and p.start_ms < c.end_ms and p.end_ms > c.start_ms
    group by p.document_id, p.page
    order by sum(least(p.end_ms, c.end_ms) - greatest(p.start_ms, c.start_ms)) desc, p.document_id, p.page
    limit 1
) s
where c.course_id = %(course_id)s::uuid and c.id = any(%(chunk_ids)s::uuid[])
union all
select c.id, c.document_id, c.page, s.lecture_id, s.start_ms, s.end_ms
from slide_chunks_knowledge c
cross join lateral (
    select p.lecture_id, p.start_ms, p.end_ms
    from lecture_slides p
    join lectures l on l.id = p.lecture_id and l.deleted_at is null
                   and (%(sources)s::uuid[] = '{}' or l.id = any(%(sources)s::uuid[]))
    where p.course_id = c.course_id and p.document_id = c.document_id and p.page = any(c.pages)
    order by (p.end_ms - p.start_ms) * p.confidence desc, p.lecture_id, p.start_ms
    limit 1
) s
where c.course_id = %(course_id)s::uuid and c.id = any(%(chunk_ids)s::uuid[])

-- name: list_placed_chunks
-- The chunks of one chunker at a place that a question names: id. A page is met by its physical or its printed number, a moment by
-- every stretch of speech around it.
select id from chunks
where course_id = %(course_id)s::uuid and chunker = %(chunker)s::text
  and (%(kinds)s::text[] = '{}' or kind = any(%(kinds)s::text[]))
  and (%(source_ids)s::uuid[] = '{}' or source_id = any(%(source_ids)s::uuid[]))
  and (%(page)s::integer = any(pages) or substring(page_label from '^\D*(\d+)') = %(page)s::integer::text
       or (start_ms < %(end_ms)s::integer and end_ms > %(start_ms)s::integer))
limit %(limit)s::integer

-- name: list_shown_pictures
-- Slides of few words that were up during these stretches of speech, of each stretch the one that was up longest: speech_id, then
-- chunk_id, kind, source_id, title, content, page, pages, page_label, start_ms, end_ms, file_name, as `search_chunks` has them.
select distinct on (c.id) c.id as speech_id, s.id as chunk_id, 'slide' as kind, s.document_id as source_id, s.title, s.content,
       s.page, s.pages, s.page_label, null::integer as start_ms, null::integer as end_ms,
       case when exists (
           select from documents o where o.course_id = d.course_id and o.file_name = d.file_name and o.id <> d.id
             and o.deleted_at is null and (%(sources)s::uuid[] = '{}' or o.id = any(%(sources)s::uuid[]))
       ) then d.source_name else d.file_name end as file_name
from lecture_chunks_knowledge c
join lecture_slides p on p.course_id = c.course_id and p.lecture_id = c.lecture_id
    and least(p.end_ms, c.end_ms) - greatest(p.start_ms, c.start_ms) >= %(shown_ms)s::integer
join documents d on d.id = p.document_id and d.deleted_at is null
    and (%(sources)s::uuid[] = '{}' or d.id = any(%(sources)s::uuid[]))
    and (%(within)s::uuid[] = '{}' or d.id = any(%(within)s::uuid[]))
join slide_chunks_knowledge s on s.course_id = c.course_id and s.document_id = d.id and p.page = any(s.pages)
    and s.chunker = %(chunker)s::text
where c.course_id = %(course_id)s::uuid and c.id = any(%(chunk_ids)s::uuid[])
  and (select count(*) from regexp_matches(s.content, '[[:alpha:]]{2,}', 'g')) < %(words)s::integer
order by c.id, least(p.end_ms, c.end_ms) - greatest(p.start_ms, c.start_ms) desc, s.id

-- name: list_source_names
-- What these decks and lectures of a course, empty: all, are called: id, file_name, title.
select d.id, d.file_name, n.title
from documents d join document_titles n on n.course_id = d.course_id and n.document_id = d.id
where d.course_id = %(course_id)s::uuid and d.deleted_at is null
  and (%(source_ids)s::uuid[] = '{}' or d.id = any(%(source_ids)s::uuid[]))
union all
select l.id, l.file_name, n.title
from lectures l join lecture_titles n on n.course_id = l.course_id and n.lecture_id = l.id
where l.course_id = %(course_id)s::uuid and l.deleted_at is null
  and (%(source_ids)s::uuid[] = '{}' or l.id = any(%(source_ids)s::uuid[]))

-- name: list_scanned_chunks
-- Which of these chunks show a slide whose text was recognised from its picture: id.
select c.id
from slide_chunks_knowledge as c
join slides as s on s.course_id = c.course_id and s.document_id = c.document_id and s.page = c.page
where c.course_id = %(course_id)s::uuid and c.id = any(%(chunk_ids)s::uuid[]) and s.text_source = 'ocr'

-- name: find_second_set
-- The live multilingual set of a chunker where the course has vectors in it: set_id, model, dims, indexed (as `search_basis`). No row:
-- the course has none that the person sees.
select s.id as set_id, s.model, s.dims,
       to_regclass(course_index_name(s.id, %(course_id)s::uuid)) is not null as indexed
from embedding_sets s
where s.live and s.role = 'multilingual' and s.chunker = %(chunker)s::text
  and exists (select 1 from chunk_embeddings e where e.set_id = s.id and e.course_id = %(course_id)s::uuid)

-- name: search_basis
-- What a search of a person (null: the operator) has to know first. One row: set_id, model, dims and chunker of the set asked for
-- (null: the one the course is searched in, if any), indexed (the course has its own approximate index in it), hidden (the course holds something that they do not
-- search), sources (what they do search; empty where nothing is hidden), terms and found (in how many of the chunks they
-- search each asked term occurs; term 0: chunks in all). No row: there is no such course, or it is not theirs.
with asking as materialized (select role_in(%(course_id)s::uuid, %(person_id)s::uuid) as role),
shelf as materialized (
    select u.id, searches_upload(%(person_id)s::uuid, a.role, u.owner_id, u.published, u.release_at) as open
    from asking a, (
        select id, owner_id, published, release_at from documents
        where course_id = %(course_id)s::uuid and deleted_at is null
        union all
        select id, owner_id, published, release_at from lectures
        where course_id = %(course_id)s::uuid and deleted_at is null
    ) as u
),
hiding as materialized (select coalesce(bool_or(not open), false) as hidden from shelf)
select s.id as set_id, s.model, s.dims, coalesce(s.chunker, 'standard') as chunker,
       to_regclass(course_index_name(s.id, c.id)) is not null as indexed,
       h.hidden, case when h.hidden then array(select id from shelf where open) else '{}' end as sources,
       counted.terms, counted.found
from courses as c
cross join asking as a
cross join hiding as h
left join embedding_sets as s on s.id = coalesce(%(set_id)s::integer, live_set(c.id))
cross join lateral (
    select coalesce(array_agg(term), '{}') as terms, coalesce(array_agg(found), '{}') as found
    from (
        select term, sum(chunks) as found from term_counts
        where course_id = c.id and term = any(%(terms)s::integer[]) and chunker = coalesce(s.chunker, 'standard')
          and (not h.hidden or source_id in (select id from shelf where open))
        group by term
    ) as t
) as counted
where c.id = %(course_id)s::uuid and c.deleted_at is null and (%(person_id)s::uuid is null or a.role is not null)

-- name: count_terms
-- In how many of a chunker's chunks of a course each of these terms occurs: term, found; no row for one that occurs in none. Only within
-- `sources`, empty: all of the course.
select term, sum(chunks)::integer as found
from term_counts
where course_id = %(course_id)s::uuid and chunker = %(chunker)s::text and term = any(%(terms)s::integer[])
  and (%(sources)s::uuid[] = '{}' or source_id = any(%(sources)s::uuid[]))
group by term

-- name: search_chunks
-- The best chunks of one course for a question, best first, one row a slide or stretch of speech: chunk_id, kind,
-- source_id, file_name (with its folders where another file among `sources` has the same), title, content, page, pages,
-- page_label, start_ms, end_ms, cosine, bm25 (of all the question's words), dense_rank, lexical_rank (null: not among
-- the first `depth` of that side), placed, score.
-- Of `kinds`, `source_ids` and `sources` an empty one means all of the course.
-- score = dense_weight * cosine + (1 - dense_weight) * bm25 / bm25_scale, and slide_bonus for a slide. Parts of one long slide share their page; the
-- best part stands for it. Chunks that are `placed` (the question names their page or minute) come first, whatever
-- they say.
-- `candidates` are materialized because row security trusts a plain column with an index, and no `coalesce` of a join.
-- Words are exact: every word weight of the course's chunks of this chunker is read. So are vectors, unless `indexed`: a whole course of more than
-- 10,000 chunks has an index of its own, the nearest come from that and are sorted again by exact cosine.
with dense as materialized (
    select chunk_id, -(embedding <#> %(embedding)s::halfvec) as cosine
    from chunk_embeddings
    where set_id = %(set_id)s::integer and course_id = %(course_id)s::uuid and not %(indexed)s::boolean
      and (%(kinds)s::text[] = '{}' or kind = any(%(kinds)s::text[]))
      and (%(source_ids)s::uuid[] = '{}' or source_id = any(%(source_ids)s::uuid[]))
    union all
    select chunk_id, cosine
    from nearest_in_course(%(set_id)s::integer, %(course_id)s::uuid, %(dims)s::integer, %(embedding)s::halfvec,
                              2 * %(depth)s::integer, %(source_ids)s::uuid[])
    where %(indexed)s::boolean
),
lexical as materialized (
    select chunk_id, -(terms <#> %(weights)s::sparsevec) as bm25
    from chunk_terms
    where course_id = %(course_id)s::uuid and chunker = %(chunker)s::text
      and (%(kinds)s::text[] = '{}' or kind = any(%(kinds)s::text[]))
      and (%(source_ids)s::uuid[] = '{}' or source_id = any(%(source_ids)s::uuid[]))
),
dense_top as (
    select chunk_id, row_number() over (order by cosine desc, chunk_id) as dense_rank
    from (select * from dense order by cosine desc, chunk_id limit %(depth)s::integer) as t
),
lexical_top as (
    select chunk_id, row_number() over (order by bm25 desc, chunk_id) as lexical_rank
    from (select * from lexical where bm25 > 0 order by bm25 desc, chunk_id limit %(depth)s::integer) as t
),
candidates as materialized (
    select chunk_id, dense_rank, lexical_rank
    from dense_top
    full join lexical_top using (chunk_id)
    full join unnest(%(placed)s::uuid[]) as placed (chunk_id) using (chunk_id)
),
scored as (
    select d.*, -(e.embedding <#> %(embedding)s::halfvec) as cosine, -(t.terms <#> %(weights)s::sparsevec) as bm25
    from candidates as d
    left join chunk_embeddings as e
        on e.set_id = %(set_id)s::integer and e.course_id = %(course_id)s::uuid and e.chunk_id = d.chunk_id
    left join chunk_terms as t on t.course_id = %(course_id)s::uuid and t.chunk_id = d.chunk_id
),
best as (
    select distinct on (c.source_id, c.page, c.start_ms)
           s.chunk_id, s.dense_rank, s.lexical_rank, coalesce(s.cosine, 0) as cosine, coalesce(s.bm25, 0) as bm25,
           c.kind, c.source_id, c.title, c.content, c.page, c.pages, c.page_label, c.start_ms, c.end_ms,
           %(dense_weight)s::float8 * coalesce(s.cosine, 0)
           + (1 - %(dense_weight)s::float8) * coalesce(s.bm25, 0) / %(bm25_scale)s::float8
           + case c.kind when 'slide' then %(slide_bonus)s::float8 else 0 end
           + (s.chunk_id = any(%(placed)s::uuid[]))::integer as score,
           s.chunk_id = any(%(placed)s::uuid[]) as placed
    from scored as s
    join chunks as c on c.course_id = %(course_id)s::uuid and c.id = s.chunk_id
    order by c.source_id, c.page, c.start_ms, score desc, s.chunk_id
),
first as materialized (
    select * from best order by score desc, chunk_id limit %(limit)s::integer
)
select f.*, case when namesakes.found > 1 then u.source_name else u.file_name end as file_name
from first as f
join lateral (
    select source_name, file_name from documents where id = f.source_id
    union all
    select source_name, file_name from lectures where id = f.source_id
) as u on true
cross join lateral (
    select (select count(*) from documents
            where course_id = %(course_id)s::uuid and file_name = u.file_name and deleted_at is null
              and (%(sources)s::uuid[] = '{}' or id = any(%(sources)s::uuid[])))
         + (select count(*) from lectures
            where course_id = %(course_id)s::uuid and file_name = u.file_name and deleted_at is null
              and (%(sources)s::uuid[] = '{}' or id = any(%(sources)s::uuid[]))) as found
) as namesakes
order by f.score desc, f.chunk_id
