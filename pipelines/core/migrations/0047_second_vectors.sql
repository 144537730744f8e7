-- A course has vectors of a second embedder beside those of its first: questions in other languages are compared with
-- these. One set of each role is live.
alter table ai.embedding_sets add column role text not null default 'main' check (role in ('main', 'multilingual'));
drop index ai.embedding_sets_one_live;
create unique index embedding_sets_one_live on ai.embedding_sets (role) where live;
comment on column ai.embedding_sets.role is 'which questions are compared with it: main (all), multilingual (those that are not in English)';

-- Uploads from before have none; each gets them at the next look. Who has them is noted on the upload, because a look is
-- taken every second and must not count vectors.
alter table documents add column second_vectors boolean not null default false;
comment on column documents.second_vectors is 'its chunks have vectors in the live multilingual set too';
create index documents_without_second_vectors on documents (id) where not second_vectors;
alter table lectures add column second_vectors boolean not null default false;
comment on column lectures.second_vectors is 'as documents.second_vectors';
create index lectures_without_second_vectors on lectures (id) where not second_vectors;
