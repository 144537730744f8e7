-- The chunks of several chunkers stand beside each other: each row names the rules it was cut by. Ids are made from content and
-- these rules, so they never meet.
alter table ai.slide_chunks_knowledge add column chunker text not null default 'standard';
alter table ai.lecture_chunks_knowledge add column chunker text not null default 'standard';
alter table ai.chunk_terms add column chunker text not null default 'standard';
alter table ai.term_counts add column chunker text not null default 'standard';
alter table ai.term_counts drop constraint term_counts_pkey,
    add primary key (course_id, term, source_id, chunker) include (chunks);
comment on column ai.slide_chunks_knowledge.chunker is 'the rules it was cut by; each set of vectors is of the chunks of one of them';

create or replace view ai.chunks with (security_invoker = true) as
select course_id, id, 'slide' as kind, document_id as source_id, ordinal, title, context, content, token_count,
       page, pages, page_label, null::integer as start_ms, null::integer as end_ms, chunker
from ai.slide_chunks_knowledge
union all
select course_id, id, 'speech', lecture_id, ordinal, title, context, content, token_count,
       null, '{}', null, start_ms, end_ms, chunker
from ai.lecture_chunks_knowledge;

-- Of each role one set is live, and of second vectors one for each chunker.
drop index ai.embedding_sets_one_live;
create unique index embedding_sets_one_live on ai.embedding_sets (role, chunker) where live;
drop index ai.embedding_sets_of_settings;
create unique index embedding_sets_of_settings on ai.embedding_sets (model, dims, search_text_version, chunker) where not added;

-- The set in which the standard chunks of a course are complete: the one it is searched in, or where that is of other chunks the
-- one that is live for all; null: nothing was embedded yet.
create function ai.standard_set(course uuid) returns integer language sql stable security definer
set search_path = pg_catalog, public, pg_temp as $$
    select coalesce((select id from ai.embedding_sets where id = ai.live_set(course) and chunker = 'standard'),
                    (select id from ai.embedding_sets where live and role = 'main'))
$$;
