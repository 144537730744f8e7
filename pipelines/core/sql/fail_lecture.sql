-- Remember why the run of this generation ended without a result.
update lectures set failure_code = %(code)s::text, failure = %(message)s::text, failed_generation = generation
where id = %(lecture_id)s::uuid and generation = %(generation)s::integer
