-- Make the table of one set's vectors; it refuses vectors of another dimension. One row, nothing in it.
select ai.add_embedding_partition(%(set_id)s::integer, %(dims)s::integer)
