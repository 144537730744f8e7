-- A process says it is alive. One row a running run of its own: id, stop_requested, unwatched_s (seconds since a reader
-- on another process last asked for it).
update chat_runs
set heartbeat_at = now()
where owner = %(owner)s::uuid and status = 'running'
returning id, stop_requested, extract(epoch from now() - watched_at)::float8 as unwatched_s
