-- Fence before a write: one row (the id) when this generation is still the newest and not deleted; none otherwise.
select id from documents
where id = %(document_id)s::uuid and generation = %(generation)s::integer and deleted_at is null
for key share
