-- name: note_weak_sandbox
-- A machine reads files without these guards, as from now. Nothing comes out.
insert into weak_sandboxes (machine, missing) values (%(machine)s::text, %(missing)s::text)
on conflict (machine) do update set missing = excluded.missing, seen_at = now()

-- name: forget_weak_sandbox
-- A machine has all guards, or reads nothing without them. Nothing comes out.
delete from weak_sandboxes where machine = %(machine)s::text

-- name: list_weak_sandboxes
-- Machines that read files without a required guard. Rows: machine, missing, by name.
select machine, missing from weak_sandboxes order by machine
