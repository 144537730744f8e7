-- name: become
-- First statement of every transaction: whose it is, until it ends and no longer. One row: both values.
select set_config('role', %(role)s::text, true), set_config('studybuddy.person', %(person)s::text, true)
