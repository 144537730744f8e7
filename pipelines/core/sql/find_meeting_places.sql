-- Where speech and slides meet: chunk_id, document_id, page, lecture_id, start_ms, end_ms. For a stretch of speech the
-- slide that was up longest during it; for a slide the stretch in which it was up longest, weighted with confidence.
-- No row for a chunk: its lecture is not aligned, or no slide was up; its slide was never spoken about.
select c.id as chunk_id, s.document_id, s.page, c.lecture_id, c.start_ms, c.end_ms
from ai.lecture_chunks_knowledge c
cross join lateral (
    select p.document_id, p.page
    from lecture_slides p
    join documents d on d.id = p.document_id and d.deleted_at is null
    where p.course_id = c.course_id and p.lecture_id = c.lecture_id
      and p.start_ms < c.end_ms and p.end_ms > c.start_ms
    group by p.document_id, p.page
    order by sum(least(p.end_ms, c.end_ms) - greatest(p.start_ms, c.start_ms)) desc, p.document_id, p.page
    limit 1
) s
where c.course_id = %(course_id)s::uuid and c.id = any(%(chunk_ids)s::uuid[])
union all
select c.id, c.document_id, c.page, s.lecture_id, s.start_ms, s.end_ms
from ai.slide_chunks_knowledge c
cross join lateral (
    select p.lecture_id, p.start_ms, p.end_ms
    from lecture_slides p
    join lectures l on l.id = p.lecture_id and l.deleted_at is null
    where p.course_id = c.course_id and p.document_id = c.document_id and p.page = any(c.pages)
    order by (p.end_ms - p.start_ms) * p.confidence desc, p.lecture_id, p.start_ms
    limit 1
) s
where c.course_id = %(course_id)s::uuid and c.id = any(%(chunk_ids)s::uuid[])
