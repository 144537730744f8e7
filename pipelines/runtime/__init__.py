"""One machine's way to run the graph: launcher, workers, fork server, supervisor, and Dagster's own storage.

It knows the graph only by its module's name, `pipelines.definitions`, and hands that to Dagster.
"""
