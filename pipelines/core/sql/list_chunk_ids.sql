-- Ids of the chunks a document or lecture has now.
select id from ai.chunks where source_id = %(source_id)s::uuid
