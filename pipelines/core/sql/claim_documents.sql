-- Keep the sensor away from these documents for some seconds: the caller starts their runs.
update documents set claimed_until = now() + make_interval(secs => %(claim_s)s::float8)
where id = any(%(document_ids)s::uuid[]) and deleted_at is null
