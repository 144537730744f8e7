"""Registry of a university: the courses of its official list, and its people."""
