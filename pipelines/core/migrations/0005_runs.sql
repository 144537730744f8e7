-- Which run made what readers see: a row alone does not say it, and Dagster's tables are not this program's to read.
alter table documents add column run_id text;
comment on column documents.run_id is 'the Dagster run that last began on requested_generation';
