-- No set is live until the next statement of the transaction says which. Nothing comes out.
update ai.embedding_sets set live = false where live
