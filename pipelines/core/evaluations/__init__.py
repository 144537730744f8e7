"""Evaluations of courses: the questions they are asked, proposals for them, and results that notebooks saved."""
