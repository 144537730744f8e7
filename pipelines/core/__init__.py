"""Everything that is kept: settings, database, files, keys, model providers, retrieval.

Synchronous, and free of Dagster, FastAPI and of every parser: both machines and the notebooks import it.
"""
