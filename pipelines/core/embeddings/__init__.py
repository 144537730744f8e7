"""Embedding sets: their vectors, the sets a person adds by name, and which of them each course is searched in."""
