-- What of an upload could not be read, said per page or stretch of time, and where the lines of a slide stand.
create table findings (
    course_id uuid not null references courses on delete cascade,
    document_id uuid references documents on delete cascade,
    lecture_id uuid references lectures on delete cascade,
    ordinal integer not null,
    page integer check (page >= 1),
    start_ms integer,
    end_ms integer,
    code text not null,
    sentence text not null,
    source_sha256 text not null,
    check (num_nonnulls(document_id, lecture_id) = 1)
);
create unique index findings_of_document on findings (document_id, ordinal) where document_id is not null;
create unique index findings_of_lecture on findings (lecture_id, ordinal) where lecture_id is not null;
comment on column findings.source_sha256 is 'the upload they were found in; those of an older one say nothing about this';

alter table slides add column line_boxes jsonb not null default '[]';
comment on column slides.line_boxes is
    'for each line of body its boxes [left, top, right, bottom] in 1/10000 of the page as shown; [] where not known';
