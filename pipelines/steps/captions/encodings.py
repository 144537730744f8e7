"""Character encodings of caption files: which one the bytes are in, told by marks, by time lines, by language."""

from functools import cache
from typing import Any

from pipelines.steps.captions.alphabets import is_foreign, latin_encoding, makes_letters, other_script

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
_EAST_ASIAN = ["cp932", "euc_jp", "gb18030", "big5", "cp949"]
"""What caption editors wrote before UTF-8 where a letter takes two bytes."""
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
    """The encoding whose letters make words of a language; Western European where nothing speaks against it."""
    try:
        western, encoding = data.decode("cp1252"), "cp1252"
    except UnicodeDecodeError:
        western, encoding = data.decode("latin-1"), "latin-1"
    if is_foreign(western):
        found = other_script(data) or _east_asian(data) or latin_encoding(data)
    else:
        found = latin_encoding(data) or _east_asian(data)
    return found or (western, encoding)


def _east_asian(data: bytes) -> tuple[str, str] | None:
    for found in _detector()(data[:_DETECTION_BYTES], cp_isolation=_EAST_ASIAN):
        text = data.decode(found.encoding, "replace")
        if found.language != "Unknown" and makes_letters(text):
            return text, str(found.encoding)
    return None


@cache
def _detector() -> Any:
    from charset_normalizer import from_bytes

    return from_bytes
