-- Documents deleted and not yet purged: id.
select id from documents where deleted_at is not null order by deleted_at limit %(limit)s::integer
