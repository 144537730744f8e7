-- A sync reads the former rows that have another version than when they were last looked at.
alter table adopted_rows add column version bigint;
comment on column adopted_rows.version is 'of the former row when it was last looked at; null: unknown, it is looked at again';
alter table adopted_units add column counts jsonb not null default '{}';
comment on column adopted_units.counts is 'what the report counts of it, by name';
