-- A set of vectors is told apart by the version of the text they were made of, which is what this column always held;
-- chunkers write their own version into their chunks.
alter table ai.embedding_sets rename column chunker_version to search_text_version;
