-- name: clear_description_refusal
-- A model described this deck: nothing is refused any more, and what it refused of its owner's other decks is due at once.
-- Nothing comes out.
with gone as (delete from description_refusals where document_id = %(document_id)s::uuid)
update description_refusals r set retry_at = now()
from documents described, documents other
where described.id = %(document_id)s::uuid and other.id = r.document_id and other.id <> described.id
  and other.owner_id is not distinct from described.owner_id and r.retry_at > now()

-- name: find_description_refusal
-- Why a model refused to describe a deck: message. No row: it did not.
select message from description_refusals
where document_id = %(document_id)s::uuid and generation = %(generation)s::integer

-- name: list_due_descriptions
-- Decks a model refused to describe and that are due again, the longest due first: document_id, key (of this attempt).
-- From the refusals, which are few, to their decks (`offset 0` keeps the planner from beginning with all decks there are).
select r.document_id, 'descriptions:' || r.generation || ':' || r.attempts as key
from description_refusals r
cross join lateral (
    select d.id, d.sha256, d.stages from documents d
    where d.id = r.document_id and d.deleted_at is null and d.generation = r.generation
    offset 0
) as d
where r.retry_at <= now() and not is_recognising(d.id, d.sha256, d.stages)
order by r.retry_at
limit %(limit)s::integer

-- name: put_description_refusal
-- Remember that a model refused to describe a deck, and when it is tried again: after 15 minutes, then after four times as
-- long each time, a day at most; not any more after ten attempts, which is about a week, nor where nobody pays
-- (`unpaid`), until a key is connected. Nothing comes out.
insert into description_refusals as r (document_id, generation, code, message, retry_at)
values (%(document_id)s::uuid, %(generation)s::integer, %(code)s::text, %(message)s::text,
        case when not %(unpaid)s::boolean then now() + interval '15 minutes' end)
on conflict (document_id) do update set
    attempts = case when r.generation = excluded.generation then r.attempts + 1 else 1 end,
    generation = excluded.generation, code = excluded.code, message = excluded.message, refused_at = now(),
    retry_at = case when r.generation <> excluded.generation or %(unpaid)s::boolean then excluded.retry_at
                    when r.attempts < 9 then now() + least(interval '1 day', interval '15 minutes' * 4 ^ least(r.attempts, 5))
               end


-- name: forget_items
-- Forget paid work about those of these pictures that no slide shows any more. Nothing comes out.
delete from item_cache c
where c.picture_sha256 = any(%(pictures)s::text[])
  and not exists (select 1 from slides s where s.image_sha256 = c.picture_sha256)

-- name: get_cached_items
-- Paid work already done: key, value, for those keys that are known.
select key, value from item_cache where kind = %(kind)s::text and key = any(%(keys)s::bytea[])

-- name: put_cached_item
-- Keep one piece of paid work; the first result for a key stays.
insert into item_cache (kind, key, value, picture_sha256)
values (%(kind)s::text, %(key)s::bytea, %(value)s::jsonb, %(picture_sha256)s::text)
on conflict (kind, key) do nothing

-- name: sweep_items
-- Forget paid work older than `older_than_s` seconds about pictures that no slide shows. Nothing comes out.
delete from item_cache c
where c.created_at < now() - make_interval(secs => %(older_than_s)s::double precision)
  and not exists (select 1 from slides s where s.image_sha256 = c.picture_sha256)
