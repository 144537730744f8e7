"""How the graph runs on one machine: launcher, workers, fork server, supervisor, and Dagster's own storage.

It knows the graph only by its module's name, `pipelines.definitions`, and hands that to Dagster.
"""
