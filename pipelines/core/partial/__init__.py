"""Uploads that come in pieces: their rows, and their bytes as far as they have come."""
