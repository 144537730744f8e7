"""Adoption of the system this one replaces: its rows read, judged one by one, and brought over."""
