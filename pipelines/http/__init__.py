"""The doors of every HTTP server of this project, before any route: who may connect, who may ask, and how much.

Nothing here knows a route. The API and the Dagster UI are both served through it.
"""
