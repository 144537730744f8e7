-- Keep in how many chunks of a source each term occurs. Nothing comes out.
insert into ai.term_counts (course_id, source_id, term, chunks)
select %(course_id)s::uuid, %(source_id)s::uuid, term, chunks
from unnest(%(terms)s::integer[], %(chunks)s::integer[]) as counted (term, chunks)
