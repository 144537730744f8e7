"""Alignment of a lecture with its decks: which slide was up when, and how good that is."""
