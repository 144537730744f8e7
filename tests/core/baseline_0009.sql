-- One row or more in every table of schema 0009 (commit bb68058): a course with a deck and a lecture that are searchable,
-- a deck that failed, a lecture that was deleted and not purged, and a chat with an edited question and a cited answer.
insert into users (id, issuer, subject, email) values ('00000000-0000-4000-8000-000000000001', 'local', 'owner', 'a@b.c');
insert into courses (id, name, language) values ('10000000-0000-4000-8000-000000000001', 'Optimierung', 'de');
insert into user_courses (user_id, course_id, role)
values ('00000000-0000-4000-8000-000000000001', '10000000-0000-4000-8000-000000000001', 'owner');

insert into documents (id, course_id, title, file_name, source_name, sha256, byte_count, generation, password_sealed,
                       requested_generation, claimed_until, failure_code, failure, failed_generation, created_by, run_id)
values ('20000000-0000-4000-8000-000000000001', '10000000-0000-4000-8000-000000000001', 'Momentum', 'momentum.pdf',
        'decks/momentum.pdf', repeat('a', 64), 1000, 3, '\x01', 3, null, null, null, null,
        '00000000-0000-4000-8000-000000000001', 'run-1'),
       ('20000000-0000-4000-8000-000000000002', '10000000-0000-4000-8000-000000000001', 'Broken', 'broken.pdf',
        'broken.pdf', repeat('b', 64), 10, 1, null, 1, now(), 'damaged', 'This file is damaged.', 1, null, 'run-2');
insert into slides (course_id, document_id, page, page_label, title, body, furniture, section, text_source, junk_chars,
                    frame_group, image_sha256, width_pt, height_pt, source_sha256, code_version)
select '10000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001', page, page || 'a',
       'Impuls ' || page, E'Der Impuls merkt sich – x^2\n"früher" ' || page, 'TU', 'Teil 1', 'layer', 0, page,
       repeat('c', 64), 400, 300, repeat('a', 64), '7'
from generate_series(1, 3) page;
insert into slide_descriptions (course_id, document_id, page, text, model, prompt_version, prompt_tokens,
                                completion_tokens, cost_usd)
values ('10000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001', 2, 'Eine Kurve', 'eyes', '1', 9,
        3, 0.002);
insert into item_cache (kind, key, value)
values ('slide_description', sha256(convert_to(repeat('c', 64) || E'\neyes\n1', 'UTF8')), '{"text": "Eine Kurve"}');
insert into ai.slide_chunks_knowledge (course_id, id, document_id, ordinal, title, context, content, token_count, page,
                                       pages, page_label, chunker_version, source_sha256)
values ('10000000-0000-4000-8000-000000000001', '30000000-0000-4000-8000-000000000001',
        '20000000-0000-4000-8000-000000000001', 0, 'Impuls', 'Momentum', 'Der Impuls merkt sich', 5, 1, '{1,2}', '1a', '4',
        repeat('a', 64));

insert into lectures (id, course_id, title, file_name, source_name, media_sha256, captions_sha256, captions_name,
                      byte_count, requested_generation, duration_ms, deleted_at)
values ('40000000-0000-4000-8000-000000000001', '10000000-0000-4000-8000-000000000001', 'Woche 1', 'woche1.mp4',
        'woche1.mp4', repeat('d', 64), repeat('e', 64), 'woche1.vtt', 5000, 1, 60000, null),
       ('40000000-0000-4000-8000-000000000002', '10000000-0000-4000-8000-000000000001', 'Gone', 'gone.vtt', 'gone.vtt',
        null, repeat('f', 64), 'gone.vtt', 50, 1, null, now());
insert into user_lectures (user_id, lecture_id, position_ms)
values ('00000000-0000-4000-8000-000000000001', '40000000-0000-4000-8000-000000000001', 1234);
insert into lecture_audio (lecture_id, media_sha256, audio_sha256, duration_ms, bad_packets, code_version)
values ('40000000-0000-4000-8000-000000000001', repeat('d', 64), repeat('9', 64), 60000, 1, '2');
insert into transcripts (lecture_id, course_id, source, source_sha256, language, duration_ms, speech_ms, repaired,
                         removed, code_version, warning)
values ('40000000-0000-4000-8000-000000000001', '10000000-0000-4000-8000-000000000001', 'captions', repeat('e', 64), 'de',
        60000, 9000, 0, 0, '3', 'Seems to be in another language.');
insert into transcript_segments (course_id, lecture_id, ordinal, start_ms, end_ms, text, words, confidence)
select '10000000-0000-4000-8000-000000000001', '40000000-0000-4000-8000-000000000001', n, n * 1000, n * 1000 + 900,
       'Satz ' || n || ' über den Impuls.', '[[0, 900, "Satz", 0.9]]', 0.9
from generate_series(0, 4) n;
insert into transcript_pieces (lecture_id, recipe, start_ms, end_ms, language, model, speech_ms, removed, retried,
                               segments)
values ('40000000-0000-4000-8000-000000000001', 'recipe', 0, 30000, 'de', 'base', 9000, 0, 0, '[]');
insert into ai.lecture_chunks_knowledge (course_id, id, lecture_id, ordinal, title, context, content, token_count,
                                         start_ms, end_ms, chunker_version, source_sha256)
values ('10000000-0000-4000-8000-000000000001', '30000000-0000-4000-8000-000000000002',
        '40000000-0000-4000-8000-000000000001', 0, 'Woche 1', 'Woche 1', 'Satz 0 über den Impuls.', 6, 0, 4900, '2',
        repeat('e', 64));
insert into lecture_documents (lecture_id, document_id, given, similarity)
values ('40000000-0000-4000-8000-000000000001', '20000000-0000-4000-8000-000000000001', true, 0.7);
insert into lecture_alignments (lecture_id, recipe, deck_sha256s)
values ('40000000-0000-4000-8000-000000000001', 'recipe', array[repeat('a', 64)]);
insert into lecture_slides (course_id, lecture_id, start_ms, end_ms, document_id, page, confidence)
values ('10000000-0000-4000-8000-000000000001', '40000000-0000-4000-8000-000000000001', 0, 4900,
        '20000000-0000-4000-8000-000000000001', 1, 0.8);

insert into ai.embedding_sets (model, dims, chunker_version, live) values ('local/all-MiniLM-L6-v2-int8', 3, '1', true);
select ai.add_embedding_partition(1, 3);
insert into ai.chunk_embeddings (set_id, course_id, kind, source_id, chunk_id, embedding)
values (1, '10000000-0000-4000-8000-000000000001', 'slide', '20000000-0000-4000-8000-000000000001',
        '30000000-0000-4000-8000-000000000001', '[1,0,0]'),
       (1, '10000000-0000-4000-8000-000000000001', 'speech', '40000000-0000-4000-8000-000000000001',
        '30000000-0000-4000-8000-000000000002', '[0,1,0]');
insert into ai.chunk_terms (course_id, kind, source_id, chunk_id, terms)
values ('10000000-0000-4000-8000-000000000001', 'slide', '20000000-0000-4000-8000-000000000001',
        '30000000-0000-4000-8000-000000000001', '{5:0.5}/1000000000');
insert into ai.term_counts (course_id, term, source_id, chunks)
values ('10000000-0000-4000-8000-000000000001', 0, '20000000-0000-4000-8000-000000000001', 1);

insert into chat_sessions (id, user_id, client_id, course_id, title, head_key)
values ('50000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000001', 'chat-1',
        '10000000-0000-4000-8000-000000000001', 'Was ist Impuls?', '60000000-0000-4000-8000-000000000003');
insert into chat_messages (key, session_id, id, parent_key, depth, role, status, content, parts)
values ('60000000-0000-4000-8000-000000000001', '50000000-0000-4000-8000-000000000001', 'q', null, 1, 'user', 'done',
        'Was ist Impulse?', '[{"type": "text", "text": "Was ist Impulse?"}]'),
       ('60000000-0000-4000-8000-000000000002', '50000000-0000-4000-8000-000000000001', 'q', null, 1, 'user', 'done',
        'Was ist Impuls?', '[{"type": "text", "text": "Was ist Impuls?"}]'),
       ('60000000-0000-4000-8000-000000000003', '50000000-0000-4000-8000-000000000001', 'a',
        '60000000-0000-4000-8000-000000000002', 2, 'assistant', 'done', 'Er merkt sich Schritte [1].',
        '[{"type": "text", "text": "Er merkt sich Schritte [1]."}]');
insert into chat_runs (id, session_id, message_key, owner, status, ended_at)
values ('70000000-0000-4000-8000-000000000001', '50000000-0000-4000-8000-000000000001',
        '60000000-0000-4000-8000-000000000003', '70000000-0000-4000-8000-000000000009', 'done', now());
insert into chat_run_events (run_id, seq, data) values ('70000000-0000-4000-8000-000000000001', 1, 'data: {}');
insert into chat_feedback (message_key, rating, reason)
values ('60000000-0000-4000-8000-000000000003', 'up', 'klar');
insert into ai.message_sources (message_key, course_id, handle, chunk_id, kind, source_id, title, file_name, page,
                                document_id, quote)
values ('60000000-0000-4000-8000-000000000003', '10000000-0000-4000-8000-000000000001', 1,
        '30000000-0000-4000-8000-000000000001', 'slide', '20000000-0000-4000-8000-000000000001', 'Impuls',
        'momentum.pdf', 1, '20000000-0000-4000-8000-000000000001', 'Der Impuls merkt sich');
