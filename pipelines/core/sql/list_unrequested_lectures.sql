-- Lectures whose newest upload no run was started for and no command line has claimed: id, generation.
select id, generation from lectures
where requested_generation is distinct from generation and deleted_at is null
  and (claimed_until is null or claimed_until < now())
order by created_at
limit %(limit)s::integer
