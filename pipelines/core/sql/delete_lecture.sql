-- Set the tombstone, waiting for a write that is under way. A row (the id) only when the lecture was there.
-- What can be retrieved of it goes in the next statement (delete_chunks), which sees what that write left behind.
update lectures set deleted_at = now(), generation = generation + 1
where id = %(lecture_id)s::uuid and deleted_at is null
returning id
