"""Names of files to which links lead, made from the link alone."""

from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from pipelines.steps.speech.sniff import FORMATS

PLAYLISTS = frozenset({".m3u8", ".m3u", ".mpd", ".xml", ".rss", ".atom"})
LONGEST_NAME = 120
"""Letters of a name."""


def name_of(url: str) -> str:
    """A name for the file to which a link leads: the last part of its path that says something, with an ending."""
    parts = urlsplit(url)
    pieces = [unquote(piece) for piece in parts.path.split("/") if piece]
    while pieces and PurePosixPath(pieces[-1]).suffix.lower() in PLAYLISTS and len(pieces) > 1:
        pieces.pop()
    last = (pieces or [parts.hostname or "recording"])[-1]
    letters = "".join(char if char.isprintable() and char not in "/\\" else "_" for char in last)
    stem = letters[-LONGEST_NAME:].strip(". ")
    known = PurePosixPath(stem).suffix.lower().removeprefix(".") in FORMATS.replace(" and ", ", ").split(", ")
    return stem if known else f"{stem or 'recording'}.mp4"
