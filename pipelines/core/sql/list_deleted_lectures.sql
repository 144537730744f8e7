-- Lectures deleted and not yet purged: id.
select id from lectures where deleted_at is not null order by deleted_at limit %(limit)s::integer
