-- Make a set, live when no other is: id, model, dims, chunker_version, live. No row: it is there already.
insert into ai.embedding_sets (model, dims, chunker_version, live)
select %(model)s::text, %(dims)s::integer, %(chunker_version)s::text, not exists (select 1 from ai.embedding_sets where live)
on conflict (model, dims, chunker_version) do nothing
returning id, model, dims, chunker_version, live
