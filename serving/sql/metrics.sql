-- name: metrics
-- What the tables say for Prometheus: name (serving/metrics.py), labels (in its order), value. A day begins at midnight UTC.
-- What came from a former deployment without a file (`bare`) is as it is: nothing will be made of it.
with uploads as (
    select 'deck' as kind, generation, requested_generation, failed_generation, failure_code, updated_at,
           stages -> 'slide_embeddings' ? 'ended_at' as found, sha256 = '' as bare
    from documents where deleted_at is null
    union all
    select 'lecture', generation, requested_generation, failed_generation, failure_code, updated_at,
           stages -> 'lecture_embeddings' ? 'ended_at', coalesce(media_sha256, captions_sha256, media_url) is null
    from lectures where deleted_at is null
),
told as (
    select *, case when bare then 'adopted' when failed_generation = generation then 'failed'
                   when requested_generation is distinct from generation then 'waiting'
                   when found then 'searchable' else 'processing' end as state
    from uploads
),
today as (select * from model_calls where began_at >= date_trunc('day', now(), 'UTC'))
select 'studybuddy_uploads' as name, array[kind, state] as labels, count(*)::double precision as value from told group by kind, state
union all
select 'studybuddy_upload_runs', array[kind, case state when 'failed' then 'failure' when 'searchable' then 'success' else 'under_way' end],
       count(*)
from told where state not in ('waiting', 'adopted') group by 1, 2
union all
select 'studybuddy_upload_oldest_wait_seconds', '{}', coalesce(extract(epoch from now() - min(updated_at)), 0)
from told where state = 'waiting'
union all
select 'studybuddy_upload_failures', array[coalesce(failure_code, 'unknown')], count(*) from told where state = 'failed' group by failure_code
union all
select 'studybuddy_sandbox_kills', '{}', count(*) from told where state = 'failed' and failure_code = 'parser_limit'
union all
select 'studybuddy_model_calls_today', array[purpose], count(*) from today group by purpose
union all
select 'studybuddy_model_cost_usd_today', array[purpose], sum(cost_usd) from today group by purpose
union all
select 'studybuddy_model_tokens_today', array[purpose, 'in'], sum(prompt_tokens) from today group by purpose
union all
select 'studybuddy_model_tokens_today', array[purpose, 'out'], sum(completion_tokens) from today group by purpose
