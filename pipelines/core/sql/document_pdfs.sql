-- name: get_document_pdf
-- The PDF made of a document, of whichever upload: source_sha256, pdf_sha256, code_version, slide_count. No row: none was
-- made.
select source_sha256, pdf_sha256, code_version, slide_count from document_pdfs where document_id = %(document_id)s::uuid

-- name: put_document_pdf
-- Name the PDF made of a document over an older one. Nothing comes out.
insert into document_pdfs (document_id, source_sha256, pdf_sha256, code_version, slide_count)
values (%(document_id)s::uuid, %(source_sha256)s::text, %(pdf_sha256)s::text, %(code_version)s::text,
        %(slide_count)s::integer)
on conflict (document_id) do update set source_sha256 = excluded.source_sha256, pdf_sha256 = excluded.pdf_sha256,
    code_version = excluded.code_version, slide_count = excluded.slide_count
