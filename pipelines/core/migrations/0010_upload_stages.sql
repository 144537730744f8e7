-- Which run makes each stage of an upload, and since when: a run that was given up and comes back holds none.
alter table documents add column stages jsonb not null default '{}';
comment on column documents.stages is 'stage (its asset''s name) -> run_id, began_at, ended_at (absent while it is being made); empty before the first run of this kind';
alter table lectures add column stages jsonb not null default '{}';
comment on column lectures.stages is 'as documents.stages';
