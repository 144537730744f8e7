"""Personal data: the list of what is kept of a person, their erasure, and the trail of who did what."""
