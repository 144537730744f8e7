-- Fence before a write: one row (the id) when this generation is still the newest and not deleted; none otherwise.
-- `for share` makes a replacement or deletion wait until the write has ended; `for key share` would let it pass.
select id from documents
where id = %(document_id)s::uuid and generation = %(generation)s::integer and deleted_at is null
for share
