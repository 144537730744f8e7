"""The recording format a file really has, from its first bytes and never from its name.

The answer is the one demuxer that may open the file: a demuxer that guesses would also try formats that open other
files or addresses (playlists), and every format less is attack surface less.
"""

from typing import BinaryIO

_HEAD = 16
_ID3_HEADER = 10
_MOST_ZEROS = 64 * 1024  # some recorders pad the start with zero bytes
# The first atom of MP4, M4A and QuickTime files; `ftyp` nearly always, the others in old or streamed ones.
_QUICKTIME_ATOMS = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")

FORMATS = "mp3, m4a, wav, flac, ogg, opus, mp4, mkv, mov and webm"
"""The formats people may upload, for messages."""


def sniff_media(source: BinaryIO) -> str | None:
    """The FFmpeg demuxer for this file, or None when it is no recording. Leaves `source` at its start.

    An ID3 tag or zero bytes in front are skipped.
    """
    source.seek(0)
    head = source.read(_HEAD)
    if head.startswith(b"ID3") and len(head) >= _ID3_HEADER:
        size = sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
        source.seek(_ID3_HEADER + size)
        head = source.read(_HEAD) or b"\xff\xfb\x00\x00"  # nothing but a tag: let the mp3 reader say so
    if head[:1] == b"\0" and not head[4:8].isalpha():
        source.seek(0)
        padded = source.read(_MOST_ZEROS).lstrip(b"\0")
        head = padded[:_HEAD]
    source.seek(0)
    return _demuxer(head)


def _demuxer(head: bytes) -> str | None:
    """The demuxer for bytes at the start of the media data."""
    if head[:4] in (b"RIFF", b"RF64", b"RIFX") and head[8:12] == b"WAVE":
        return "wav"
    if head[4:8] in _QUICKTIME_ATOMS:
        return "mov"
    named = {b"fLaC": "flac", b"OggS": "ogg", b"\x1aE\xdf\xa3": "matroska"}.get(head[:4])
    if named or len(head) < 3 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return named
    # MPEG sync: layer bits 00 mean AAC (ADTS); 01, 10, 11 are MP3, MP2, MP1. Version 01 and bit rate 15 do not exist.
    if head[1] & 0xF6 == 0xF0:
        return "aac"
    return "mp3" if head[1] & 0x06 and head[1] & 0x18 != 0x08 and head[2] & 0xF0 != 0xF0 else None
