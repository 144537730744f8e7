-- Stream text of these runs after the batches already read, in order: run_id, seq, data.
select e.run_id, e.seq, e.data
from unnest(%(run_ids)s::uuid[], %(after)s::integer[]) as w (run_id, after)
join chat_run_events e on e.run_id = w.run_id and e.seq > w.after
order by e.run_id, e.seq
