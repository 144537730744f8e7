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
