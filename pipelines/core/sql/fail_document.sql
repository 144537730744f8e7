-- Remember why the run of this generation ended without a result.
update documents set failure_code = %(code)s::text, failure = %(message)s::text, failed_generation = generation
where id = %(document_id)s::uuid and generation = %(generation)s::integer
