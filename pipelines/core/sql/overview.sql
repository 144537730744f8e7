-- name: overview
-- How much there is. One row: courses, documents, lectures, slides, slide_chunks, speech_chunks, vectors (of the live
-- set), failed_documents, failed_lectures, recognising (decks with pictures of text still to be read), and the live set's
-- model, dims and search_text_version (null before the first).
select (select count(*) from courses where deleted_at is null) as courses,
       (select count(*) from documents where deleted_at is null) as documents,
       (select count(*) from lectures where deleted_at is null) as lectures,
       (select count(*) from slides) as slides,
       (select count(*) from ai.slide_chunks_knowledge) as slide_chunks,
       (select count(*) from ai.lecture_chunks_knowledge) as speech_chunks,
       (select count(*) from ai.chunk_embeddings e join ai.embedding_sets s on s.id = e.set_id
          and s.live and s.role = 'main') as vectors,
       (select count(*) from documents where failed_generation = generation and deleted_at is null) as failed_documents,
       (select count(*) from lectures where failed_generation = generation and deleted_at is null) as failed_lectures,
       (select count(*) from documents where deleted_at is null and failed_generation is distinct from generation
          and is_recognising(id, sha256, stages)) as recognising,
       (select model from ai.embedding_sets where live and role = 'main') as model,
       (select dims from ai.embedding_sets where live and role = 'main') as dims,
       (select search_text_version from ai.embedding_sets where live and role = 'main') as search_text_version
