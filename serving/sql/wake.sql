-- Wake every process that listens; the payload is empty or names a run. One row without use.
select pg_notify(%(channel)s::text, %(payload)s::text)
