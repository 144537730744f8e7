-- The set of this model, dimension and chunker: id, model, dims, chunker_version, live. No row: there is none.
select id, model, dims, chunker_version, live from ai.embedding_sets
where model = %(model)s::text and dims = %(dims)s::integer and chunker_version = %(chunker_version)s::text
