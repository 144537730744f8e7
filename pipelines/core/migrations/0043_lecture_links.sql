-- Lectures by link: the row is there at once, its recording follows when a run has fetched it.
alter table lectures add column media_url text;
comment on column lectures.media_url is 'where the recording is fetched from; null: it was uploaded, or there is none';
