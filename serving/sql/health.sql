-- name: ready
-- Is the schema there? One row: version (number of the newest migration).
select max(version) as version from schema_migrations
