"""How things are made: pure functions, bytes and records in, records out.

No SQL, no environment, no Dagster here. What decides *when* a step runs lives in `pipelines.defs`.
"""
