-- name: ensure_course
-- The course of this name, made where it is missing. One row: id, name, language.
with made as (
    insert into courses (name, language) values (%(name)s::text, %(language)s::text)
    on conflict (name) do nothing
    returning id, name, language
)
select id, name, language from made
union all
select id, name, language from courses where name = %(name)s::text
limit 1

-- name: find_course
-- The course of this name: id, name, language. No row: there is none.
select id, name, language from courses where name = %(name)s::text

-- name: get_course
-- The course of this id: id, name, language. No row: there is none.
select id, name, language from courses where id = %(course_id)s::uuid

-- name: list_courses
-- Every course by name: id, name, language.
select id, name, language from courses order by name
