-- The pages of office files: the PDF that was made of a document, so that text and pictures are those of one PDF.
create table document_pdfs (
    document_id uuid primary key references documents on delete cascade,
    source_sha256 text not null,
    pdf_sha256 text not null,
    code_version text not null
);
comment on table document_pdfs is 'no row for documents that are read as they are';
comment on column document_pdfs.source_sha256 is 'the upload it was made of; that of an older one is not used';
