"""Secrets: keys and tokens kept or given, and what is sealed with them."""
