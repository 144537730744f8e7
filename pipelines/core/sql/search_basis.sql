-- What a search has to know first. One row: set_id, model, dims of the live set (null: none), indexed (the course has
-- its own approximate index in it), terms and found (in how many chunks each asked term occurs; term 0: chunks in
-- all). No row: there is no such course.
select s.id as set_id, s.model, s.dims,
       to_regclass('ai.' || ai.course_index_name(s.id, c.id)) is not null as indexed,
       counted.terms, counted.found
from courses as c
left join ai.embedding_sets as s on s.live
cross join lateral (
    select coalesce(array_agg(term), '{}') as terms, coalesce(array_agg(found), '{}') as found
    from (
        select term, sum(chunks) as found from ai.term_counts
        where course_id = c.id and term = any(%(terms)s::integer[])
        group by term
    ) as t
) as counted
where c.id = %(course_id)s::uuid
