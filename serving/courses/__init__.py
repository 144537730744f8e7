"""Courses as people keep them: made, found, joined, left, and who may come in."""
