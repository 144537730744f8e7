"""Text recognition for what is on a page only as a picture."""
