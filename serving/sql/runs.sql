-- name: beat
-- A process says that it writes these runs still. One row a run that is there, one that another process closed too:
-- id, stop_requested, allowed (whose chat it is belongs to its course still and is not suspended), unwatched_s (seconds
-- since a reader on another process last asked for it).
update chat_runs r
set heartbeat_at = now()
from chat_sessions s
where s.id = r.session_id and r.id = any(%(run_ids)s::uuid[])
returning r.id, r.stop_requested, extract(epoch from now() - r.watched_at)::float8 as unwatched_s,
          exists (select from user_courses m
                  join users u on u.id = m.user_id and u.suspended_at is null
                  join courses c on c.id = m.course_id and c.deleted_at is null
                  where m.user_id = s.user_id and m.course_id = s.course_id) as allowed

-- name: list_allowed
-- Of these people and courses, pair by pair, those where the person belongs to the course still and is not suspended: user_id,
-- course_id.
select m.user_id, m.course_id
from unnest(%(user_ids)s::uuid[], %(course_ids)s::uuid[]) as asked (user_id, course_id)
join user_courses m on m.user_id = asked.user_id and m.course_id = asked.course_id
join users u on u.id = m.user_id and u.suspended_at is null
join courses c on c.id = m.course_id and c.deleted_at is null

-- name: claim_dead_runs
-- Take over runs of other processes that stopped beating: id, message_key, session_id. Other processes pass over the locked rows.
select id, message_key, session_id from chat_runs
where status = 'running' and owner <> %(owner)s::uuid and heartbeat_at < now() - make_interval(secs => %(dead_after_s)s::float8)
for update skip locked

-- name: correct_beats
-- Beats that lie ahead, because the clock was set back since, count from now: a dead process would seem to live until then.
-- Nothing comes out.
update chat_runs set heartbeat_at = now()
where id in (
    select id from chat_runs
    where status = 'running' and heartbeat_at > now() + make_interval(secs => %(dead_after_s)s::float8)
    for update skip locked
)

-- name: finish_run
-- End a run once. One row (id) when it was running, or closed for a process that seemed dead and was not; none when it
-- had ended or was deleted.
update chat_runs
set status = %(status)s::text, ended_at = now()
where id = %(run_id)s::uuid and status in ('running', 'interrupted')
returning id

-- name: forget_events
-- Remove the stream text of runs that ended a while ago. Rows touched: the batches.
delete from chat_run_events e using chat_runs r
where r.id = e.run_id and r.ended_at < now() - make_interval(secs => %(kept_s)s::float8)

-- name: insert_events
-- Keep batches of many runs' stream text in one statement. Rows touched: the batches. Runs deleted meanwhile are passed over.
insert into chat_run_events (run_id, seq, data)
select e.run_id, e.seq, e.data
from unnest(%(run_ids)s::uuid[], %(seqs)s::integer[], %(datas)s::text[]) as e (run_id, seq, data)
join chat_runs r on r.id = e.run_id
on conflict do nothing

-- name: read_events
-- Stream text of these runs after the batches already read, in order: run_id, seq, data.
select e.run_id, e.seq, e.data
from unnest(%(run_ids)s::uuid[], %(after)s::integer[]) as w (run_id, after)
join chat_run_events e on e.run_id = w.run_id and e.seq > w.after
order by e.run_id, e.seq

-- name: request_stop
-- Ask the owner of the running answer to stop. One row (id) when one is running in this person's chat.
update chat_runs r set stop_requested = true
from chat_sessions s
where s.id = r.session_id and r.status = 'running'
  and s.user_id = %(user_id)s::uuid and s.client_id = %(client_id)s::text
returning r.id

-- name: running_run
-- The run that is writing in this person's chat: id, message_id, owner. No row: nothing is running, or no such chat.
select r.id, m.id as message_id, r.owner
from chat_sessions s
join chat_runs r on r.session_id = s.id and r.status = 'running'
join chat_messages m on m.key = r.message_key
where s.user_id = %(user_id)s::uuid and s.client_id = %(client_id)s::text

-- name: wake
-- Wake every process that listens; the payload is empty or names a run. One row without use.
select pg_notify(%(channel)s::text, %(payload)s::text)

-- name: watch_runs
-- A reader on this process follows these runs. One row a run: id, status.
update chat_runs
set watched_at = case when watched_at < now() - interval '1 second' then now() else watched_at end
where id = any(%(run_ids)s::uuid[])
returning id, status
