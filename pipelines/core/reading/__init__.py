"""Materials as people read them: pages and speech for readers, what teachers corrected, how a course is doing."""
