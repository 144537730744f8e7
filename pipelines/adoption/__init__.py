"""Adoption of a former deployment: its rows, read in one snapshot, become rows here and stay as they were there.

Belongs here: what the former rows mean (pure: `chats`, `sources`, `materials`, `chunks`), reading them (`former`), what
becomes of each (`plan`), and writing, comparing and undoing that. docs/adopting.md tells operators, decision 0033 why.
"""
