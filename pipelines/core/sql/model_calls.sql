-- name: lock_spending
-- Makes who wants to spend for this person or this course wait for each other, until the transaction ends. No use in its row.
select pg_advisory_xact_lock(hashtextextended('spending ' || who, 0))
from unnest(array[%(person_id)s::text, %(course_id)s::text]) as who
where who is not null
order by who

-- name: find_spending
-- What is spent today (UTC) and what may be: person_cap, course_cap (null: no cap, and then nothing is added up),
-- person_usd, course_usd (with calls under way at what those are expected to cost), person_open, course_open (how many
-- are under way), expected_usd (the most one of the last calls of this model for this purpose has cost; null: none is
-- known). Calls that are open for longer than any lasts are those of processes that died.
select caps.person_cap, caps.course_cap, person.usd as person_usd, person.open as person_open,
       course.usd as course_usd, course.open as course_open,
       (select max(known.cost_usd)::float8 from (
            select k.cost_usd from model_calls k
            where k.status = 'done' and k.model = %(model)s::text and k.purpose = %(purpose)s::text
            order by k.ended_at desc limit 50
        ) known) as expected_usd
from (
    select least((select daily_usd from users where id = %(person_id)s::uuid), %(person_cap)s::float8) as person_cap,
           case when %(own_key)s::boolean then null else least(
               (select daily_usd from courses where id = %(course_id)s::uuid), %(course_cap)s::float8) end as course_cap,
           date_trunc('day', now() at time zone 'utc') at time zone 'utc' as begins,
           now() - make_interval(secs => %(longest_s)s::float8) as lives_since
) caps
cross join lateral (
    select coalesce(sum(c.cost_usd), 0)::float8 as usd, count(*) filter (where c.status = 'open') as open
    from model_calls c
    where caps.person_cap is not null and c.user_id = %(person_id)s::uuid and c.began_at >= caps.begins
      and (c.status <> 'open' or c.began_at > caps.lives_since)
) person
cross join lateral (
    select coalesce(sum(c.cost_usd), 0)::float8 as usd, count(*) filter (where c.status = 'open') as open
    from model_calls c
    where caps.course_cap is not null and c.course_id = %(course_id)s::uuid and not c.own_key and c.began_at >= caps.begins
      and (c.status <> 'open' or c.began_at > caps.lives_since)
) course

-- name: open_call
-- Writes a call down that is about to be made. Nothing comes out. Who was erased, or a course that was deleted, is left out.
insert into model_calls (id, user_id, course_id, run_id, purpose, model, own_key, cost_usd)
values (%(id)s::uuid, (select id from users where id = %(person_id)s::uuid), (select id from courses where id = %(course_id)s::uuid),
        %(run_id)s::text, %(purpose)s::text, %(model)s::text, %(own_key)s::boolean, %(cost_usd)s::numeric)

-- name: close_call
-- What came of a call. `cost_usd` null: nobody said what a call that broke off costs, so it counts as much as the last ones
-- of its model for its purpose on average, 0 where there are none. Rows touched: 1.
update model_calls c
set status = %(status)s::text, prompt_tokens = %(prompt_tokens)s::integer, completion_tokens = %(completion_tokens)s::integer,
    cost_usd = coalesce(%(cost_usd)s::numeric, (
        select avg(known.cost_usd) from (
            select k.cost_usd from model_calls k
            where k.status = 'done' and k.model = c.model and k.purpose = c.purpose
            order by k.ended_at desc limit 50
        ) known
    ), 0),
    ended_at = now()
where c.id = %(call_id)s::uuid

-- name: list_calls
-- Calls of this person, or (person null) all of this course, since a time, newest first: at, purpose, model, prompt_tokens,
-- completion_tokens, cost_usd, own_key, failed, course_id, run_id. Calls that are under way are left out.
select began_at as at, purpose, model, prompt_tokens, completion_tokens, cost_usd::float8, own_key, status = 'failed' as failed,
       course_id, run_id
from model_calls
where (%(person_id)s::uuid is null or user_id = %(person_id)s::uuid)
  and (%(course_id)s::uuid is null or course_id = %(course_id)s::uuid)
  and began_at >= %(since)s::timestamptz and status <> 'open'
order by began_at desc, id desc
limit %(limit)s::integer

-- name: list_days
-- The same calls by their day (UTC), oldest first: day, calls, cost_usd. Days without one are left out.
select (began_at at time zone 'utc')::date as day, count(*) as calls, sum(cost_usd)::float8 as cost_usd
from model_calls
where (%(person_id)s::uuid is null or user_id = %(person_id)s::uuid)
  and (%(course_id)s::uuid is null or course_id = %(course_id)s::uuid)
  and began_at >= %(since)s::timestamptz and status <> 'open'
group by 1
order by 1

-- name: find_caps
-- What may be spent and is spent today (UTC), as lock_spending counts it: person_cap, own_cap, person_usd of this person;
-- course_cap, course_own_cap, course_usd of this course. Caps are null where there is none.
select least(p.daily_usd, %(person_cap)s::float8) as person_cap, p.daily_usd as own_cap,
       (select coalesce(sum(cost_usd), 0)::float8 from model_calls c
        where c.user_id = %(person_id)s::uuid and c.began_at >= today.begins and c.status <> 'open') as person_usd,
       least(k.daily_usd, %(course_cap)s::float8) as course_cap, k.daily_usd as course_own_cap,
       (select coalesce(sum(cost_usd), 0)::float8 from model_calls c
        where c.course_id = k.id and not c.own_key and c.began_at >= today.begins and c.status <> 'open') as course_usd
from (select date_trunc('day', now() at time zone 'utc') at time zone 'utc' as begins) today
left join users p on p.id = %(person_id)s::uuid
left join courses k on k.id = %(course_id)s::uuid

-- name: put_person_cap
-- The most that a person wants to spend a day; null: no wish. Rows touched: 1.
update users set daily_usd = %(daily_usd)s::float8 where id = %(person_id)s::uuid

-- name: put_course_cap
-- The most that a course may cost the operator a day; null: no wish. Rows touched: 1, or 0 where it is not theirs.
update courses set daily_usd = %(daily_usd)s::float8 where id = %(course_id)s::uuid and deleted_at is null

-- name: list_costs
-- What a course's calls have cost by purpose and model, dearest first: purpose, model, calls, cost_usd.
select purpose, model, count(*) as calls, sum(cost_usd)::float8 as cost_usd
from model_calls
where course_id = %(course_id)s::uuid and status <> 'open'
group by purpose, model
order by sum(cost_usd) desc, purpose, model

-- name: estimate_descriptions
-- One row: pages (slides of the course without a description), cost_usd (what as many descriptions cost at the mean of the
-- last ones by this model; null: there are none).
select count(*) as pages, count(*) * (
    select avg(known.cost_usd) from (
        select k.cost_usd from model_calls k
        where k.status = 'done' and k.model = %(model)s::text and k.purpose = 'description'
        order by k.ended_at desc limit 50
    ) known
)::float8 as cost_usd
from slides s join documents d on d.id = s.document_id and d.deleted_at is null
where s.course_id = %(course_id)s::uuid
  and not exists (select 1 from slide_descriptions x
                  where x.course_id = s.course_id and x.document_id = s.document_id and x.page = s.page)

-- name: rate_of_embedding
-- One row: usd_per_token and seconds_per_token of the last embeddings of chunks by this model, as its provider counted tokens;
-- null: there are none.
select (sum(cost_usd) / nullif(sum(prompt_tokens), 0))::float8 as usd_per_token,
       (extract(epoch from sum(ended_at - began_at)) / nullif(sum(prompt_tokens), 0))::float8 as seconds_per_token
from (
    select cost_usd, prompt_tokens, ended_at, began_at from model_calls
    where status = 'done' and model = %(model)s::text and purpose = 'embedding' and prompt_tokens > 0
    order by ended_at desc limit 50
) known
