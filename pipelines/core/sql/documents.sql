-- name: find_document_by_content
-- Their document in a course that holds exactly these bytes (null owner: the local person's). No row: none does.
select id, course_id, title, file_name, source_name, sha256, byte_count, generation, password_sealed, deleted_at,
       case when failed_generation = generation then failure_code end as failure_code,
       case when failed_generation = generation then failure end as failure, origin
from documents
where course_id = %(course_id)s::uuid and owner_id = coalesce(%(owner_id)s::uuid, local_person())
  and sha256 = %(sha256)s::text and deleted_at is null

-- name: get_document
-- One document that is not deleted and that a person (null: the operator) sees. No row: it is not there for them.
select id, course_id, title, file_name, source_name, sha256, byte_count, generation, password_sealed, deleted_at,
       case when failed_generation = generation then failure_code end as failure_code,
       case when failed_generation = generation then failure end as failure, origin
from documents
where id = %(document_id)s::uuid and deleted_at is null
  and sees_upload(%(person_id)s::uuid, role_in(course_id, %(person_id)s::uuid), owner_id, published, offered_at, release_at)

-- name: list_documents
-- Every document of a course that a person (null: the operator) sees, by name.
with asking as materialized (select role_in(%(course_id)s::uuid, %(person_id)s::uuid) as role)
select id, course_id, title, file_name, source_name, sha256, byte_count, generation, password_sealed, deleted_at,
       case when failed_generation = generation then failure_code end as failure_code,
       case when failed_generation = generation then failure end as failure, origin
from documents, asking
where course_id = %(course_id)s::uuid and deleted_at is null
  and sees_upload(%(person_id)s::uuid, asking.role, owner_id, published, offered_at, release_at)
order by source_name, id

-- name: purge_document
-- Remove a deleted document's rows. Rows: its course_id, and sha256 of every file it used, for the caller to drop where
-- nobody else does.
with gone as (
    delete from documents where id = %(id)s::uuid and deleted_at is not null returning id, course_id, sha256
)
select course_id, sha256 from gone where sha256 <> ''
union
select g.course_id, s.image_sha256 from slides s join gone g on s.document_id = g.id where s.image_sha256 is not null
union
select g.course_id, p.pdf_sha256 from document_pdfs p join gone g on p.document_id = g.id

-- name: put_document
-- Record an upload. One row: id, course_id, title, file_name, source_name, sha256, byte_count, generation,
-- password_sealed, deleted_at, failure_code, failure, and outcome (`created`, `replaced`, `unchanged`).
-- A new upload of one owner (null: the local person) under a known source_name is a new generation of the same document,
-- as published as that was; the same bytes change nothing.
-- No row: there is no such course.
with known as (
    select id, sha256 from documents
    where course_id = %(course_id)s::uuid and owner_id = coalesce(%(owner_id)s::uuid, local_person())
      and source_name = %(source_name)s::text and deleted_at is null
),
put as (
    insert into documents as d
        (course_id, title, file_name, source_name, origin, sha256, byte_count, password_sealed, owner_id, published)
    select id, %(title)s::text, %(file_name)s::text, %(source_name)s::text, %(origin)s::text, %(sha256)s::text,
           %(byte_count)s::bigint, %(password_sealed)s::bytea, coalesce(%(owner_id)s::uuid, local_person()),
           %(published)s::boolean
    from courses where id = %(course_id)s::uuid and deleted_at is null for key share
    on conflict (course_id, owner_id, source_name) where deleted_at is null do update set
        origin = coalesce(excluded.origin, d.origin),
        sha256 = excluded.sha256,
        byte_count = excluded.byte_count,
        title = case when d.sha256 = excluded.sha256 then d.title else excluded.title end,
        password_sealed = coalesce(excluded.password_sealed, d.password_sealed),
        generation = d.generation + case when d.sha256 <> excluded.sha256 or excluded.password_sealed is not null
                                         then 1 else 0 end,
        updated_at = now()
    returning d.*
)
select put.id, put.course_id, put.title, put.file_name, put.source_name, put.sha256, put.byte_count, put.generation,
       put.password_sealed, put.deleted_at,
       case when put.failed_generation = put.generation then put.failure_code end as failure_code,
       case when put.failed_generation = put.generation then put.failure end as failure, put.origin,
       case when known.id is null then 'created'
            when known.sha256 <> put.sha256 or %(password_sealed)s::bytea is not null then 'replaced'
            else 'unchanged' end as outcome
from put left join known on known.id = put.id

-- name: unlock_document
-- Keep the password of a document's file, and make a new generation of the same bytes. A row (the id) when this generation
-- was the newest.
update documents set password_sealed = %(password_sealed)s::bytea, generation = generation + 1, updated_at = now()
where id = %(id)s::uuid and generation = %(generation)s::integer and deleted_at is null
returning id


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
