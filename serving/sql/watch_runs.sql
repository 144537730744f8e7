-- A reader on this process follows these runs. One row a run: id, status.
update chat_runs
set watched_at = case when watched_at < now() - interval '1 second' then now() else watched_at end
where id = any(%(run_ids)s::uuid[])
returning id, status
