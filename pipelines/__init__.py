"""The machine that turns uploads into tables: a Dagster asset graph and the code it stands on.

Rooms: `core` (where things are kept), `steps` (how things are made), `defs` (when, and from what).
ARCHITECTURE.md is the map; `tests/house/` keeps the walls.
"""
