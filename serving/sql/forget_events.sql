-- Remove the stream text of runs that ended a while ago. Rows touched: the batches.
delete from chat_run_events e using chat_runs r
where r.id = e.run_id and r.ended_at < now() - make_interval(secs => %(kept_s)s::float8)
