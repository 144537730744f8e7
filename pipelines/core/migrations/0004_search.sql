-- What search keeps beside the chunks: how rare each word is, a partition a set of vectors, an index a large course.

-- In how many chunks of one source a term occurs. A course's counts are sums over its sources, so that two uploads
-- into one course never wait for each other's rows, and replacing a source's rows can not make the sums drift.
create table ai.term_counts (
    course_id uuid not null,
    term integer not null,
    source_id uuid not null,
    chunks integer not null check (chunks > 0),
    primary key (course_id, term, source_id) include (chunks)
);
create index on ai.term_counts (source_id);
comment on column ai.term_counts.term is 'hash of a word, as in chunk_terms, starting at 1; 0 counts all chunks of the source';

-- The table of one embedding set's vectors. A list partition cannot be named by a parameter, hence a function.
create function ai.add_embedding_partition(set_id integer, dims integer) returns void language plpgsql as $$
begin
    execute format('create table ai.chunk_embeddings_%s partition of ai.chunk_embeddings '
                   '(constraint dims check (vector_dims(embedding) = %s)) for values in (%s)', set_id, dims, set_id);
end $$;

-- The name of a large course's own approximate index in one set.
create function ai.course_index_name(set_id integer, course_id uuid) returns text language sql immutable as $$
    select format('hnsw_%s_%s', set_id, replace(course_id::text, '-', ''))
$$;

-- One HNSW index of one course: smaller and better at recall than one over all courses filtered afterwards.
create function ai.add_course_index(set_id integer, course_id uuid, dims integer) returns void language plpgsql as $$
begin
    execute format('create index if not exists %I on ai.chunk_embeddings_%s '
                   'using hnsw ((embedding::halfvec(%s)) halfvec_ip_ops) where course_id = %L',
                   ai.course_index_name(set_id, course_id), set_id, dims, course_id);
end $$;

create function ai.drop_course_index(set_id integer, course_id uuid) returns void language plpgsql as $$
begin
    execute format('drop index if exists ai.%I', ai.course_index_name(set_id, course_id));
end $$;

-- The nearest chunks of a large course by its own index, sorted again by exact cosine. The index is partial and on a
-- cast, so the statement must spell out course and dimension; enable_sort off leaves the planner no other way.
create function ai.nearest_in_course(set_id integer, course_id uuid, dims integer, question halfvec, wanted integer)
returns table (chunk_id uuid, cosine double precision) language plpgsql stable
set hnsw.ef_search = 200 set hnsw.iterative_scan = relaxed_order set enable_sort = off set enable_seqscan = off as $$
begin
    return query execute format(
        'select chunk_id, -(embedding <#> $1) from ai.chunk_embeddings_%s where course_id = %L '
        'order by embedding::halfvec(%s) <#> $1::halfvec(%s) limit $2', set_id, course_id, dims, dims)
        using question, wanted;
end $$;

-- Every chunk of every kind under the same names.
create view ai.chunks as
select course_id, id, 'slide' as kind, document_id as source_id, ordinal, title, context, content, token_count,
       page, pages, page_label, null::integer as start_ms, null::integer as end_ms
from ai.slide_chunks_knowledge
union all
select course_id, id, 'speech', lecture_id, ordinal, title, context, content, token_count,
       null, '{}', null, start_ms, end_ms
from ai.lecture_chunks_knowledge;
