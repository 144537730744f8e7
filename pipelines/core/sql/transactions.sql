-- name: become
-- First statement of every transaction: whose it is and of which course ('': of all), until it ends and no longer. One
-- row: the three values.
select set_config('role', %(role)s::text, true), set_config('studybuddy.person', %(person)s::text, true),
       set_config('studybuddy.course', %(course)s::text, true)
