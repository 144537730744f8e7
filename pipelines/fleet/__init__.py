"""Fleets: runs on Celery workers of several machines, by Dagster's own launcher for them."""
