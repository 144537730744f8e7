-- Take over runs of other processes that stopped beating: id, message_key, session_id. Other processes pass over the locked rows.
select id, message_key, session_id from chat_runs
where status = 'running' and owner <> %(owner)s::uuid and heartbeat_at < now() - make_interval(secs => %(dead_after_s)s::float8)
for update skip locked
