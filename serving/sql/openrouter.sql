-- name: forget_attempts
-- Attempts to connect that are over, and of this person's all but the nine newest. Nothing comes out.
delete from openrouter_attempts
where ends_at < now() or nonce_hash in (
    select nonce_hash from openrouter_attempts where user_id = %(user_id)s::uuid order by ends_at desc offset 9)

-- name: insert_attempt
-- An attempt to connect. Nothing comes out.
insert into openrouter_attempts (nonce_hash, user_id, browser_hash, verifier_sealed, return_to, ends_at)
values (%(nonce_hash)s::bytea, %(user_id)s::uuid, %(browser_hash)s::bytea, %(verifier_sealed)s::bytea,
        %(return_to)s::text, now() + make_interval(secs => %(life_s)s::float8))

-- name: set_course_model
-- Sets the model of a course that this person teaches; null: none. changed: whether they do.
select set_course_model(%(course_id)s::uuid, %(model)s::text) as changed

-- name: set_own_model
-- Sets the model of this person's answers; null: none. Nothing comes out.
update users set chat_model = %(model)s::text where id = %(user_id)s::uuid

-- name: take_attempt
-- Takes an attempt that comes back in time, to whom and where it began: verifier_sealed, return_to. No row: there is none.
delete from openrouter_attempts
where nonce_hash = %(nonce_hash)s::bytea and user_id = %(user_id)s::uuid and browser_hash = %(browser_hash)s::bytea
  and ends_at > now()
returning verifier_sealed, return_to
