"""Character encodings of caption files: which one the bytes are in, told by marks, by time lines, by language."""

import re
from functools import cache
from typing import Any

_UNMARKED = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
_SIGNS = ("-->", *(f":{digit}" for digit in range(6)))
"""An arrow, or the minutes and seconds of a time: every caption file has one of them."""
_MARKS = (  # the longer mark of UTF-32 begins like that of UTF-16
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_BROKEN_SHARE = 0.5
"""Broken places for each letter beyond ASCII that is whole, up to which a file is UTF-8 with a few bad bytes."""
_DETECTED = [
    "cp1252",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "cp1257",
    "koi8_r",
    "iso8859_2",
    "iso8859_5",
    "iso8859_7",
    "cp932",
    "euc_jp",
    "gb18030",
    "big5",
    "cp949",
]
"""What caption editors wrote before UTF-8."""
_WESTERN = frozenset("äöüßàáâãåæçèéêëìíîïñòóôõøùúûœÿÄÖÜÀÁÂÃÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕØÙÚÛŒŸ")
_SYMBOL_INSIDE = re.compile(r"[^\W\d_][\x80-\xbf\xd7\xf7€‚ƒ„†‡‰‹•™›](?<!\xb7)[^\W\d_]")
"""A sign in the middle of a word: it is a letter of another encoding."""
_ENOUGH_LETTERS = 4
"""Fewer letters beyond ASCII say nothing about a language."""
_DETECTION_BYTES = 50_000


def decode_text(data: bytes) -> tuple[str, str]:
    """(text, name of the encoding) of caption bytes. Never fails: Latin-1 is the last resort.

    Byte order marks first; then UTF-16 and UTF-32 told by their times; UTF-8, also with a few broken bytes, each of
    which becomes U+FFFD; then the older encoding whose letters make words of a language. Line ends become `\\n`; the
    doubled ones of `\\r\\r\\n` become one.
    """
    text, encoding = _decode(data)
    return text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff"), encoding


def _decode(data: bytes) -> tuple[str, str]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace"), encoding
    for encoding in _UNMARKED if b"\0" in data else ():
        width = len("-".encode(encoding))
        places = [data.find(sign.encode(encoding)) for sign in _SIGNS]
        if any(at >= 0 and at % width == 0 for at in places):
            return data.decode(encoding, "replace"), encoding
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        mended = data.decode("utf-8", "replace")
    broken = mended.count("\ufffd")
    whole = sum(letter > "\x7f" for letter in mended) - broken
    if broken <= _BROKEN_SHARE * whole:
        return mended, "utf-8"
    return _older(data)


def _older(data: bytes) -> tuple[str, str]:
    """Western European where every letter is of that kind, else what the letters' language says."""
    try:
        western, encoding = data.decode("cp1252"), "cp1252"
    except UnicodeDecodeError:
        western, encoding = data.decode("latin-1"), "latin-1"
    beyond = [letter for letter in western if letter > "\x7f"]
    known = all(letter in _WESTERN for letter in beyond if letter.isalpha()) and not _SYMBOL_INSIDE.search(western)
    if known or len(beyond) < _ENOUGH_LETTERS:
        return western, encoding
    best = _detector()(data[:_DETECTION_BYTES], cp_isolation=_DETECTED).best()
    if best is None or best.language == "Unknown":
        return western, encoding
    return data.decode(best.encoding, "replace"), str(best.encoding)


@cache
def _detector() -> Any:
    from charset_normalizer import from_bytes

    return from_bytes
