-- Keep the sensor away from these lectures for some seconds: the caller starts their runs.
update lectures set claimed_until = now() + make_interval(secs => %(claim_s)s::float8)
where id = any(%(lecture_ids)s::uuid[]) and deleted_at is null
