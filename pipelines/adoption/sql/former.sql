-- name: adopt_alone
-- Whether nobody else is adopting into this database, who then waits until this connection ends: one boolean.
select pg_try_advisory_lock(7301925060)

-- name: former_columns
-- Columns of the former system's tables: schema, table, column, type (as it is written), and whether this user may read it.
select n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod), has_table_privilege(c.oid, 'select')
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relkind in ('r', 'p', 'v', 'm', 'f')
  and (n.nspname = 'public'
           and c.relname in ('users', 'courses', 'user_courses', 'documents', 'lectures', 'user_lectures')
       or n.nspname = 'ai' and c.relname in ('agno_sessions', 'message_sources', 'slide_chunks_knowledge',
                                             'lecture_chunks_knowledge'))
order by n.nspname, c.relname, a.attnum

-- name: former_others
-- Other tables in the same two schemas: schema.table. They are nobody's business here.
select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and n.nspname in ('public', 'ai') and c.relname <> all(%(tables)s::text[])
order by 1

-- name: former_users
-- People, by id: each row as JSON.
select to_jsonb(t) from public.users t order by t.id::text

-- name: former_chatters
-- Who owns a chat, by id: user_id.
select distinct user_id::text from ai.agno_sessions
where session_type::text = 'agent' and user_id is not null order by user_id::text

-- name: former_courses
-- Courses, by id: each row as JSON.
select to_jsonb(t) from public.courses t order by t.id::text

-- name: former_user_courses
-- Who takes which course: each row as JSON.
select to_jsonb(t) from public.user_courses t order by t.user_id::text, t.course_id::text

-- name: former_documents
-- Decks, by id: each row as JSON.
select to_jsonb(t) from public.documents t order by t.id::text

-- name: former_lectures
-- Lectures, by id: each row as JSON.
select to_jsonb(t) from public.lectures t order by t.id::text

-- name: former_user_lectures
-- On whose list which lecture is: each row as JSON.
select to_jsonb(t) from public.user_lectures t order by t.user_id::text, t.lecture_id::text

-- name: former_session_places
-- Where the rows of chats are, of these keys (null: of all), by their ids: place. {session} is put in.
select t.ctid::text from ai.agno_sessions t where %(keys)s::text[] is null or {session} = any(%(keys)s::text[])
order by t.session_id::text collate "C"

-- name: former_sessions
-- These rows of chats, in this order: version, session_id, session_type, user_id, session_data and runs (JSON as text),
-- created_at, updated_at.
select hashtextextended(s.xmin::text || s.ctid::text, 0), s.session_id::text, s.session_type::text, s.user_id::text, s.session_data::text, s.runs::text, s.created_at,
       s.updated_at
from unnest(%(places)s::text[]) with ordinality as p (place, nth) join ai.agno_sessions s on s.ctid = p.place::tid
order by p.nth

-- name: former_sources
-- Sources of these messages: each row as JSON, and its version.
select to_jsonb(t), hashtextextended(t.xmin::text || t.ctid::text, 0) from ai.message_sources t where t.message_id = any(%(message_ids)s::text[]) order by t.id::text

-- name: former_holds
-- Whether a chat of a person holds a message, as one boolean.
select exists (
    select from ai.agno_sessions s
    where s.session_id = %(session_id)s::text and s.session_type::text = 'agent'
      and s.user_id::text ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
      and s.runs @> jsonb_build_array(jsonb_build_object('messages', jsonb_build_array(
          jsonb_build_object('id', %(message_id)s::text, 'role', 'assistant')))))

-- name: former_source_ids
-- Every source, or those of these keys: id, each row as JSON without its words, version. {source} is put in.
select t.id::text, to_jsonb(t) - 'content_preview', hashtextextended(t.xmin::text || t.ctid::text, 0)
from ai.message_sources t where %(keys)s::text[] is null or {source} = any(%(keys)s::text[]) order by t.id::text

-- name: former_cited_places
-- Places that sources name: deck, page, lecture, start; each once.
select distinct document_id::text, slide_number, lecture_id::text, start_seconds from ai.message_sources

-- name: former_groups
-- The chunks of each deck or lecture, or of those of these names: its id as the metadata has it, and where the rows are, the
-- oldest first. {table} and {name} are put in.
select lower(meta_data ->> '{name}'), array_agg(ctid::text order by created_at nulls last, id)
from ai.{table} where %(names)s::text[] is null or coalesce(lower(meta_data ->> '{name}'), '') = any(%(names)s::text[])
group by 1 order by 1

-- name: former_chunks
-- These chunks, in this order: version, place, id, meta_data (JSON as text), content, lack (why it has no vector that fits; '':
-- it has one). {table} and {norm} (the function of the vectors' type) are put in.
select hashtextextended(k.xmin::text || k.ctid::text, 0), p.place, k.id::text, k.meta_data::text, k.content::text,
       case when k.embedding is null then 'no vector'
            when vector_dims(k.embedding) <> %(dims)s::integer then 'vector of another dimension'
            when not {norm}(k.embedding) > 0 then 'vector of length zero' else '' end
from unnest(%(places)s::text[]) with ordinality as p (place, nth)
join ai.{table} k on k.ctid = p.place::tid
order by p.nth

-- name: former_vectors
-- The vectors of these chunks, of length 1: place, vector (halfvec). {table} is put in.
select p.place, l2_normalize(k.embedding)::halfvec
from unnest(%(places)s::text[]) as p (place) join ai.{table} k on k.ctid = p.place::tid

-- name: former_vector_array
-- The vectors of these chunks, of length 1, in this order: one array (halfvec[]). {table} is put in.
select array_agg(l2_normalize(k.embedding)::halfvec order by p.nth)
from unnest(%(places)s::text[]) with ordinality as p (place, nth) join ai.{table} k on k.ctid = p.place::tid

-- name: former_nearest
-- The adopted chunks of a course that are nearest to a vector: id, cosine distance; none of these owners'. {table}, {type} (of
-- its vectors) and {ledger} are put in.
select k.id::text, k.embedding <=> %(vector)s::{type} as far from ai.{table} k
where lower(k.meta_data ->> 'course_id') = %(course)s::text and vector_dims(k.embedding) = %(dims)s::integer
  and lower(coalesce(k.meta_data ->> 'owner_id', '')) <> all(%(moved)s::text[])
  and k.id in (select former_key from {ledger} where former_table = %(name)s::text and unit <> '')
order by far limit %(most)s::integer

-- name: former_versions
-- A number that changes with every row of a table that is made, changed or removed. {table} is put in.
select count(*) || ' ' || coalesce(sum(hashtextextended(t.xmin::text || t.ctid::text, 0)::numeric), 0) from {table} t

-- name: former_chunks_alone
-- As `former_chunks`, of a table that has no vectors. {table} is put in.
select hashtextextended(k.xmin::text || k.ctid::text, 0), p.place, k.id::text, k.meta_data::text, k.content::text, 'no vector'
from unnest(%(places)s::text[]) with ordinality as p (place, nth)
join ai.{table} k on k.ctid = p.place::tid
order by p.nth

-- name: former_dims
-- How many vectors of which length a table has, the most first: dims, count. {table} is put in.
select vector_dims(embedding), count(*) from ai.{table} where embedding is not null group by 1 order by 2 desc, 1

-- name: count_former
-- How many rows a table has. {table} is put in.
select count(*) from {table}

-- name: former_changed
-- Rows of a table that have another version than in the ledger, at most so many: key, place (null: it is gone), key in the ledger
-- and unit there (null: it is new). {table}, {key} and {ledger} are put in.
select f.key, f.place, r.former_key, r.unit
from (select {key} as key, t.ctid::text as place, hashtextextended(t.xmin::text || t.ctid::text, 0) as version from {table}) f
full join (select former_key, version, unit from {ledger} where former_table = %(name)s::text) r on r.former_key = f.key
where f.version is distinct from r.version
limit %(most)s::integer

-- name: former_material_names
-- Decks or lectures that these chunks name ('': none). {table} and {name} are put in.
select distinct coalesce(lower(t.meta_data ->> '{name}'), '')
from unnest(%(places)s::text[]) p (place) join ai.{table} t on t.ctid = p.place::tid

-- name: sources_citing
-- Sources of these decks and lectures: key.
select {source} from ai.message_sources t where t.document_id::text = any(%(ids)s::text[]) or t.lecture_id::text = any(%(ids)s::text[])

-- name: sources_of_messages
-- Sources of these messages: key.
select {source} from ai.message_sources t where t.message_id = any(%(ids)s::text[])

-- name: messages_of_sources
-- Which message these sources name, in which chat: message_id, session_id.
select t.message_id::text, t.session_id::text from ai.message_sources t where {source} = any(%(keys)s::text[])

-- name: sources_of_units
-- Sources that the ledger has in these chats: key.
select former_key from {ledger} where former_table = 'message_sources' and unit = any(%(units)s::text[])

-- name: units_of_chats
-- What the ledger says these chats became: unit.
select unit from {ledger} where former_table = 'agno_sessions' and former_key = any(%(keys)s::text[]) and unit <> ''

-- name: chats_of_sources
-- Chats that the ledger has these sources in, and those that they name: key.
select c.former_key from {ledger} r join {ledger} c on c.unit = r.unit and c.former_table = 'agno_sessions'
where r.former_table = 'message_sources' and r.former_key = any(%(keys)s::text[]) and r.unit <> ''
union
select {session} from ai.agno_sessions t
where t.session_id in (select s.session_id from ai.message_sources s, unnest(%(keys)s::text[]) k where k = {source_s})

-- name: chats_holding
-- Chats that hold one of these messages: key.
select {session} from ai.agno_sessions t where exists (
    select from jsonb_path_query(t.runs, 'lax $[*].messages[*].id') m (id) where m.id #>> '{}' = any(%(ids)s::text[]))

-- name: former_groups_of_units
-- As `former_groups`, of chunks that the ledger has in these units. {table}, {name} and {ledger} are put in.
select lower(t.meta_data ->> '{name}'), array_agg(t.ctid::text order by t.created_at nulls last, t.id)
from ai.{table} t where t.id in (
    select former_key from {ledger} where former_table = %(table)s::text and unit = any(%(units)s::text[]))
group by 1 order by 1
