-- Every course by name: id, name, language.
select id, name, language from courses order by name
