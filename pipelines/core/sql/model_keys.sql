-- name: count_lost_secrets
-- How many secrets say that they are under a master key which is none of these: keys, passwords.
select (select count(*) from model_keys where substring(sealed from 1 for 1) = '\x02'::bytea
          and substring(sealed from 1 for 9) <> all(%(marks)s::bytea[])) as keys,
       (select count(*) from documents where password_sealed is not null
          and substring(password_sealed from 1 for 1) = '\x02'::bytea
          and substring(password_sealed from 1 for 9) <> all(%(marks)s::bytea[])) as passwords

-- name: count_sealed_otherwise
-- How many secrets are not sealed with the master key in use: count.
select (select count(*) from model_keys
        where substring(sealed from 1 for length(%(mark)s::bytea)) <> %(mark)s::bytea)
     + (select count(*) from documents
        where substring(password_sealed from 1 for length(%(mark)s::bytea)) <> %(mark)s::bytea) as count

-- name: delete_model_key
-- Takes a person's key of a provider away: its id. No row: they have none of it.
delete from model_keys where user_id = %(user_id)s::uuid and provider = %(provider)s::text returning id

-- name: find_local_person
-- The person of a machine without sign-in: id.
select local_person() as id

-- name: find_means
-- What decides who pays for a person's calls: person_id, key_id, provider, base_url, sealed (these null: they have no key
-- that works), own_model, course_model. No row: there is no such person. A null course has no model.
select u.id as person_id, k.id as key_id, k.provider, k.base_url, k.sealed, u.chat_model as own_model,
       (select c.chat_model from courses c where c.id = %(course_id)s::uuid) as course_model
from users u left join model_keys k on k.user_id = u.id and k.rejected_at is null
where u.id = %(person_id)s::uuid

-- name: find_model_key
-- A person's key: id, user_id, provider, base_url, sealed, key_hash, label, rejected, created_at. No row: they have none.
select id, user_id, provider, base_url, sealed, key_hash, label, rejected_at is not null as rejected, created_at
from model_keys where user_id = %(user_id)s::uuid

-- name: find_uploader
-- The person an upload belongs to: owner_id. Null: they were erased.
select owner_id from documents where id = %(upload_id)s::uuid
union all
select owner_id from lectures where id = %(upload_id)s::uuid

-- name: list_sealed_model_keys
-- Some keys that are not sealed with the master key in use, by id after `after`: id, user_id, provider, sealed. Locked;
-- what somebody else has locked is left for another look.
select id, user_id, provider, sealed from model_keys
where substring(sealed from 1 for length(%(mark)s::bytea)) <> %(mark)s::bytea and id > %(after)s::uuid
order by id limit %(limit)s::integer for update skip locked

-- name: list_sealed_passwords
-- The same of PDFs' passwords: id, sha256, password_sealed.
select id, sha256, password_sealed from documents
where substring(password_sealed from 1 for length(%(mark)s::bytea)) <> %(mark)s::bytea and id > %(after)s::uuid
order by id limit %(limit)s::integer for update skip locked

-- name: put_model_key
-- A person's key, in place of the one they had. Nothing comes out.
insert into model_keys (id, user_id, provider, base_url, sealed, key_hash, label)
values (%(id)s::uuid, %(user_id)s::uuid, %(provider)s::text, %(base_url)s::text, %(sealed)s::bytea, %(key_hash)s::bytea,
        %(label)s::text)
on conflict (user_id) do update set id = excluded.id, provider = excluded.provider, base_url = excluded.base_url,
    sealed = excluded.sealed, key_hash = excluded.key_hash, label = excluded.label, rejected_at = null, created_at = now()

-- name: reseal_model_key
-- The same key under another master key. Nothing comes out.
update model_keys set sealed = %(sealed)s::bytea where id = %(id)s::uuid

-- name: reseal_password
-- The same password under another master key. Nothing comes out.
update documents set password_sealed = %(sealed)s::bytea where id = %(id)s::uuid

-- name: set_key_rejected
-- Remember whether the provider refuses a key. Nothing comes out, and nothing changes where it is known.
update model_keys set rejected_at = case when %(rejected)s::boolean then now() end
where id = %(id)s::uuid and (rejected_at is not null) <> %(rejected)s::boolean
