-- name: list_headings
-- Headings, as teachers corrected them, of the pages of the course's newest decks that this person's searches go through, newest deck first and in
-- order of pages: document_id, file_name, deck_title, page, title, characters (of the page's text).
with decks as (
    select d.id, d.file_name, n.title, d.updated_at
    from documents d join document_titles n on n.course_id = d.course_id and n.document_id = d.id
    where d.course_id = %(course_id)s::uuid and d.deleted_at is null
      and searches_upload(%(person_id)s::uuid, role_in(d.course_id, %(person_id)s::uuid), d.owner_id, d.published,
                          d.release_at)
    order by d.updated_at desc, d.id
    limit %(decks)s::integer
)
select d.id as document_id, d.file_name, d.title as deck_title, s.page, coalesce(c.title, s.title) as title,
       length(coalesce(c.text, s.body)) as characters
from decks d join slides s on s.course_id = %(course_id)s::uuid and s.document_id = d.id
left join slide_corrections c on c.course_id = s.course_id and c.document_id = s.document_id and c.page = s.page
where coalesce(c.title, s.title) <> ''
order by d.updated_at desc, d.id, s.page
