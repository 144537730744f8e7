-- What was paid for about a picture ends with the picture: it names it now. Which one that is follows from the key, for
-- all pictures there are and all models that have described any; what fits none is about pictures that are gone.
alter table item_cache add column picture_sha256 text;
with made as (select distinct model, prompt_version from slide_descriptions),
shown as (select distinct image_sha256 from slides where image_sha256 is not null)
update item_cache c set picture_sha256 = s.image_sha256
from shown s, made m
where c.key = sha256(convert_to(s.image_sha256 || E'\n' || m.model || E'\n' || m.prompt_version, 'UTF8'));
delete from item_cache where picture_sha256 is null;
alter table item_cache alter column picture_sha256 set not null;
create index item_cache_pictures on item_cache (picture_sha256);
comment on column item_cache.picture_sha256 is 'the stored picture it is about: the row goes when no slide shows it any more';
