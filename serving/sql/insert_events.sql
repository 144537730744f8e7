-- Keep batches of many runs' stream text in one statement. Rows touched: the batches. Runs deleted meanwhile are passed over.
insert into chat_run_events (run_id, seq, data)
select e.run_id, e.seq, e.data
from unnest(%(run_ids)s::uuid[], %(seqs)s::integer[], %(datas)s::text[]) as e (run_id, seq, data)
join chat_runs r on r.id = e.run_id
on conflict do nothing
