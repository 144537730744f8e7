"""Steps: pure functions that make things, bytes and records in, records out.

No SQL, no environment, no Dagster here. What decides *when* a step runs lives in `pipelines.defs`.
"""
