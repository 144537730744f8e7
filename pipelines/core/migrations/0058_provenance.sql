-- What a cited passage was made from and how it was found, as it was when an answer cited it: what is made anew later changes
-- none of it, and the picture of the page stays for as long as the citation does.
alter table ai.message_sources
    add column file_sha256 text,
    add column image_sha256 text,
    add column boxes jsonb not null default '[]',
    add column run_ids text[] not null default '{}',
    add column origin jsonb not null default '{}';
comment on column ai.message_sources.file_sha256 is 'the upload its words were read from; null: cited before this was kept, or replaced at that moment';
comment on column ai.message_sources.image_sha256 is 'the page''s picture then, in the file store; null: none, or the deck was deleted since';
comment on column ai.message_sources.boxes is 'where its words stand on that picture: left, top, right, bottom in shares';
comment on column ai.message_sources.run_ids is 'the Dagster runs that had made what was cited';
comment on column ai.message_sources.origin is 'runs by stage, and the versions and models of what made and found it';
create index on ai.message_sources using gin (run_ids);
create index on ai.message_sources (image_sha256) where image_sha256 is not null;
create index on ai.message_sources (document_id) where image_sha256 is not null;

alter table chat_messages add column hits jsonb not null default '[]';
comment on column chat_messages.hits is 'what the searches of an answer found, cited or not: by handle, with its place and its ranks';

-- A deleted deck's pictures go with it, those of citations too.
create function forget_cited_pictures() returns trigger language plpgsql security definer
set search_path = pg_catalog, public, pg_temp as $$
begin
    update ai.message_sources set image_sha256 = null where document_id = old.id and image_sha256 is not null;
    return null;
end $$;
create trigger documents_cited_pictures after update of deleted_at on documents
for each row when (old.deleted_at is null and new.deleted_at is not null) execute function forget_cited_pictures();
create trigger documents_cited_pictures_gone after delete on documents
for each row execute function forget_cited_pictures();
