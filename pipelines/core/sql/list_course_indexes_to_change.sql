-- Courses whose own index in a set is missing (large) or no longer needed (not large): course_id, large.
select course_id, sum(chunks) > %(exact_chunks)s::integer as large
from ai.term_counts where term = 0
group by course_id
having (sum(chunks) > %(exact_chunks)s::integer)
    <> (to_regclass('ai.' || ai.course_index_name(%(set_id)s::integer, course_id)) is not null)
