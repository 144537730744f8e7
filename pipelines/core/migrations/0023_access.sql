-- Who may see what: the SQL side of `core/access.py`, which says the rules in words; a test compares the two.

-- What a person is in a course: owner, teacher or student; null when they are no member, or are suspended.
create function role_in(course uuid, person uuid) returns text language sql stable as $$
    select m.role from public.user_courses m join public.users p on p.id = m.user_id and p.suspended_at is null
    where m.course_id = course and m.user_id = person
$$;

-- Whether a person (null: the operator or the pipeline) sees an upload in lists and opens it. `role`: of role_in.
create function sees_upload(
    person uuid, role text, owner uuid, published boolean, offered_at timestamptz, release_at timestamptz
) returns boolean language sql stable as $$
    select person is null
        or coalesce(owner = person, false) and (not published or role is not null)
        or coalesce(role, '') in ('teacher', 'owner') and (published or offered_at is not null)
        or role is not null and published and (release_at is null or release_at <= now())
$$;

-- Whether searches of a person (null: the operator, who searches as the local person) go through an upload.
create function searches_upload(person uuid, role text, owner uuid, published boolean, release_at timestamptz)
returns boolean language sql stable as $$
    select case
        when person is null then published or owner = local_person()
        else role is not null and (
            coalesce(owner = person, false)
            or published and (role <> 'student' or release_at is null or release_at <= now()))
    end
$$;

-- The nearest chunks of a large course, now also within some of its sources: the index is walked until enough are found.
drop function ai.nearest_in_course(integer, uuid, integer, halfvec, integer);
create function ai.nearest_in_course(
    set_id integer, course_id uuid, dims integer, question halfvec, wanted integer, sources uuid[]
)
returns table (chunk_id uuid, cosine double precision) language plpgsql stable
set hnsw.ef_search = 200 set hnsw.iterative_scan = relaxed_order set enable_sort = off set enable_seqscan = off as $$
begin
    return query execute format(
        'select chunk_id, -(embedding <#> $1) from ai.chunk_embeddings_%s where course_id = %L %s'
        'order by embedding::halfvec(%s) <#> $1::halfvec(%s) limit $2',
        set_id, course_id, case when sources <> '{}' then 'and source_id = any($3) ' else '' end, dims, dims)
        using question, wanted, sources;
end $$;
