-- An upload that failed for a reason that may pass (a provider or a store was away) is asked for again by itself.
alter table documents add column again_at timestamptz, add column tried_again integer not null default 0,
    add column again_generation integer;
comment on column documents.again_at is 'when the upload that failed is made once more by itself; null: it is not';
comment on column documents.again_generation is 'the generation that was made by itself last, for the tried_again-th time';
create index documents_again on documents (again_at) where again_at is not null;
alter table lectures add column again_at timestamptz, add column tried_again integer not null default 0,
    add column again_generation integer;
comment on column lectures.again_at is 'as documents.again_at';
comment on column lectures.again_generation is 'as documents.again_generation';
create index lectures_again on lectures (again_at) where again_at is not null;
