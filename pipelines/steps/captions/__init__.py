"""Caption files to clean speech, and speech to the files that people and players open."""
