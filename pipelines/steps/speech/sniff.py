"""The recording format a file really has, from its first bytes and never from its name.

The answer is the one demuxer that may open the file: a demuxer that guesses would also try formats that open other
files or addresses (playlists), and every format less is attack surface less.
"""

from typing import BinaryIO

_HEAD = 16
_ID3_HEADER = 10
_MOST_TAGS = 16
_SEARCHED = 64 * 1024
"""Bytes looked through for the first frame: recorders pad the start with zeros, some downloads begin in mid-frame."""
_TS_PACKET = 188
_TS_PACKETS = 4
# The first atom of MP4, M4A, 3GP and QuickTime files; `ftyp` nearly always, the others in old or streamed ones.
_QUICKTIME_ATOMS = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_NAMED = {
    b"fLaC": "flac",
    b"OggS": "ogg",
    b"\x1aE\xdf\xa3": "matroska",
    b"\x30\x26\xb2\x75": "asf",
    b"#!AM": "amr",
    b"caff": "caf",
    b"FLV\x01": "flv",
    b".snd": "au",
    b"riff": "w64",
    b"\x00\x00\x01\xba": "mpeg",
}

FORMATS = "mp3, m4a, m4b, aac, wav, flac, ogg, opus, wma, amr, aiff, mp4, m4v, mkv, mov, webm, avi, wmv, ts and 3gp"
"""The formats people may upload, for messages."""

_BIT_RATES = {  # kbit/s by index 1 to 14 (ISO/IEC 11172-3 and 13818-3), for MPEG 1 and 2 in layers 1, 2 and 3
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8000)}


def sniff_media(source: BinaryIO) -> str | None:
    """The FFmpeg demuxer for this file, or None when it is no recording. Leaves `source` at its start.

    ID3 tags and zero bytes in front are skipped; a frame of MPEG audio may also begin later, where the next one
    follows it.
    """
    try:
        return _sniff(source)
    finally:
        source.seek(0)


def _sniff(source: BinaryIO) -> str | None:
    at = _behind_tags(source)
    source.seek(at)
    data = source.read(_SEARCHED)
    if at and not data:
        return "mp3"  # nothing but a tag: let the mp3 reader say so
    if named := _demuxer(data[:_HEAD]):
        return named
    start = len(data) - len(data.lstrip(b"\0"))
    if start and (named := _demuxer(data[start : start + _HEAD])):
        return named
    return _transport_stream(data) or _mpeg_audio(data)


def _behind_tags(source: BinaryIO) -> int:
    """Where the first ID3 tags end; several may follow each other."""
    at = 0
    for _ in range(_MOST_TAGS):
        source.seek(at)
        head = source.read(_ID3_HEADER)
        if len(head) < _ID3_HEADER or not head.startswith(b"ID3"):
            break
        footer = _ID3_HEADER if head[5] & 0x10 else 0
        size = sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
        at += _ID3_HEADER + size + footer
    return at


def _demuxer(head: bytes) -> str | None:
    """The demuxer for bytes that begin a file of a format with a name."""
    if head[:4] in (b"RIFF", b"RF64", b"RIFX"):
        return {b"WAVE": "wav", b"AVI ": "avi"}.get(head[8:12])
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "aiff"
    if head[4:8] in _QUICKTIME_ATOMS:
        return "mov"
    return _NAMED.get(head[:4])


def _transport_stream(data: bytes) -> str | None:
    """MPEG transport streams: a sync byte every 188 bytes, or every 192 behind a time stamp of four."""
    for first, packet in ((0, _TS_PACKET), (4, _TS_PACKET + 4)):
        marks = data[first : first + packet * _TS_PACKETS : packet]
        if len(marks) == _TS_PACKETS and set(marks) == {0x47}:
            return "mpegts"
    return None


def _mpeg_audio(data: bytes) -> str | None:
    """`mp3` or `aac` where two frames follow each other; one frame is enough where it is all there is."""
    at = data.find(0xFF)
    while 0 <= at < len(data) - 7:
        length, kind = _frame(data[at : at + 7])
        if kind and (at + length + 2 > len(data) or _frame(data[at + length : at + length + 7])[1] == kind):
            return kind
        at = data.find(0xFF, at + 1)
    return None


def _frame(head: bytes) -> tuple[int, str]:
    """(bytes of the frame that begins here, `mp3` or `aac`); (0, "") where none begins."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0, ""
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    if head[1] & 0xF6 == 0xF0 and len(head) >= 7:  # AAC in ADTS: layer bits 00
        length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        return (length, "aac") if length >= 7 and head[2] >> 2 & 15 < 13 else (0, "")
    rate_at, bits_at = head[2] >> 2 & 3, head[2] >> 4
    if layer == 0 or version == 1 or rate_at == 3 or not 0 < bits_at < 15:
        return 0, ""
    rate, number = _RATES[version][rate_at], 4 - layer
    bits = _BIT_RATES[1 if version == 3 else 2, number][bits_at - 1] * 1000
    padding = head[2] >> 1 & 1
    if number == 1:
        return (12 * bits // rate + padding) * 4, "mp3"
    return (144 if number == 2 or version == 3 else 72) * bits // rate + padding, "mp3"
