-- A run has begun on this generation. One row (the id) when the generation is still the newest; none otherwise.
update lectures set requested_generation = generation, claimed_until = null, run_id = %(run_id)s::text,
    failure_code = null, failure = null, failed_generation = null
where id = %(lecture_id)s::uuid and generation = %(generation)s::integer and deleted_at is null
returning id
