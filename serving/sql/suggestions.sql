-- name: list_headings
-- Headings of the pages of the course's newest decks that this person's searches go through, newest deck first and in
-- order of pages: document_id, file_name, deck_title, page, title, characters (of the page's text).
with decks as (
    select d.id, d.file_name, d.title, d.updated_at
    from documents d
    where d.course_id = %(course_id)s::uuid and d.deleted_at is null
      and searches_upload(%(person_id)s::uuid, role_in(d.course_id, %(person_id)s::uuid), d.owner_id, d.published,
                          d.release_at)
    order by d.updated_at desc, d.id
    limit %(decks)s::integer
)
select d.id as document_id, d.file_name, d.title as deck_title, s.page, s.title, length(s.body) as characters
from decks d join slides s on s.course_id = %(course_id)s::uuid and s.document_id = d.id
where s.title <> ''
order by d.updated_at desc, d.id, s.page
