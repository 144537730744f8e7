"""Recordings to speech: decoding, finding voices, recognition, and the chunks that search finds."""
