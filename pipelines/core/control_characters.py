"""Control characters in text that strangers wrote, made visible: terminals, logs and files obey none of them.

A file may be called `a<ESC>[2J.pdf` (which clears the screen), hold a newline (which forges a line of ours), or a bidi
control (which shows `fdp.exe` as `exe.pdf`). Names, titles, slide text and what models say all pass through here before
they are shown.
"""

import re

# C0, DEL, C1; line and paragraph separators; bidi controls; lone surrogates (bytes of a name that are no UTF-8);
# tag characters, which nobody sees.
_CLASS = "\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-\U000e007f"
_CONTROL = re.compile(f"[{_CLASS}]")
_CONTROL_IN_LINES = re.compile(f"(?![\n\t])[{_CLASS}]")


def escape_controls(text: str, *, lines: bool = False) -> str:
    r"""The text with every control character as a visible escape such as `\x1b` or `\u202e`.

    Args:
        lines: the text may have lines of its own: newlines and tabs stay.
    """
    return (_CONTROL_IN_LINES if lines else _CONTROL).sub(_escape, text)


def escape_controls_in_json(document: str) -> str:
    r"""A JSON document that holds no control character but its own line ends: they stand as `\uXXXX`, which means them.

    JSON's own rules escape C0 only.
    """
    return _CONTROL_IN_LINES.sub(_escape_in_json, document)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:  # how Python keeps a byte of a file's name that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _escape_in_json(found: re.Match[str]) -> str:
    pairs = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{int.from_bytes(pairs[at : at + 2], 'big'):04x}" for at in range(0, len(pairs), 2))
