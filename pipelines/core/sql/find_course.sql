-- The course of this name: id, name, language. No row: there is none.
select id, name, language from courses where name = %(name)s::text
