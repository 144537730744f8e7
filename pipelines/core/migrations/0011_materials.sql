-- Courses that are deleted while what they held is cleaned up, where uploads lay, and names spelled in one way.
alter table courses add column deleted_at timestamptz;
alter table courses drop constraint courses_name_key;
create unique index courses_name on courses (name) where deleted_at is null;
comment on column courses.deleted_at is 'gone for everybody; the row goes with the last upload of the course';

alter table documents add column origin text;
comment on column documents.origin is 'the path the file was taken from, to tell a new version from another file of its name; null: not known';
alter table lectures add column origin text;
comment on column lectures.origin is 'as documents.origin';
create index slides_images on slides (image_sha256) where image_sha256 is not null;
create index documents_files on documents (course_id, file_name) where deleted_at is null;
create index lectures_files on lectures (course_id, file_name) where deleted_at is null;

-- "Ü" is one character everywhere, not U and two dots, as some systems write it in file names.
update documents d set file_name = normalize(file_name, nfc), source_name = normalize(source_name, nfc)
where (file_name is not nfc normalized or source_name is not nfc normalized)
  and not exists (select 1 from documents o where o.course_id = d.course_id and o.id <> d.id and o.deleted_at is null
                                              and normalize(o.source_name, nfc) = normalize(d.source_name, nfc));
update lectures l set file_name = normalize(file_name, nfc), source_name = normalize(source_name, nfc),
    captions_name = normalize(captions_name, nfc)
where (file_name is not nfc normalized or source_name is not nfc normalized or captions_name is not nfc normalized)
  and not exists (select 1 from lectures o where o.course_id = l.course_id and o.id <> l.id and o.deleted_at is null
                                             and normalize(o.source_name, nfc) = normalize(l.source_name, nfc));
update courses c set name = normalize(name, nfc)
where name is not nfc normalized
  and not exists (select 1 from courses o where o.id <> c.id and normalize(o.name, nfc) = normalize(c.name, nfc));
