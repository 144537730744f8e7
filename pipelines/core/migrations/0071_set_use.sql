-- When an embedding set was last of use, so that those nobody has come back to can be retired.
alter table ai.embedding_sets add column used_at timestamptz not null default now();
comment on column ai.embedding_sets.used_at is 'when it was added, or last built, promoted, evaluated, or left by a course';
