-- End a run once. One row (id) when it was running; none when it had ended or was deleted.
update chat_runs
set status = %(status)s::text, ended_at = now()
where id = %(run_id)s::uuid and status = 'running'
returning id
