-- The set searches read: id, model, dims, chunker_version, live. No row: nothing was embedded yet.
select id, model, dims, chunker_version, live from ai.embedding_sets where live
