"""Letters from glyphs: what a PDF's fonts call their glyphs is not always what a reader sees.

Ligatures and styled mathematical letters are spelled out, accents joined to their letters, TeX's tall signs named,
unseen characters removed; fonts whose glyphs have no letters at all are recognised, so that the page can be read from
its picture.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Any

BROKEN_FONT_SHARE = 0.4
"""A font with more unreadable glyphs than this has no usable letter map."""
BROKEN_FONT_CHARS = 5
"""Fewer unreadable glyphs than this say nothing about their font."""

_COMPATIBLE = re.compile("[\ufb00-\ufb06\ufb1d-\ufdff\ufe70-\ufefc\U0001d400-\U0001d7ff]+")
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
_TAGS = re.compile("[\U000e0000-\U000e007f]")  # invisible letters, used to hide instructions
_PRIVATE = re.compile("[\ue000-\uf8ff\ufffd\U000f0000-\U0010ffff]")
GAP = "\ufffd"
"""Stands in a word for a glyph whose letter nobody knows."""
_UNKNOWN = r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ue000-\uf8e4\uf8ff\ufffd\U000f0000-\U0010ffff]"
_GAPS = re.compile(
    rf"(?<=[^\W\d_]){_UNKNOWN}{{1,2}}(?=[^\W\d_])"  # inside a word, at its beginning, at its end
    rf"|(?:(?<=\s)|^){_UNKNOWN}{{1,2}}(?=[a-zß-ÿ]{{2}})|(?<=[^\W\d_]{{2}}){_UNKNOWN}{{1,2}}(?=[\s.,;:!?)]|$)"
)
_GAP_KEPT = "\ufdd0"
_SUSPECT = re.compile(f"!|{_UNSEEN.pattern}|{_PRIVATE.pattern}")
_BRACKET_PIECES = re.compile("[\uf8e5-\uf8fe]")  # Adobe's pieces of tall brackets and roots: drawing, not letters
_LEADER = re.compile(r"(?:\. ?){5,}")  # the dots of a table of contents
_BULLET = re.compile(r"^([•●○◦▪■□▶►▸‣➢✓✗])(?=\w)")
_STROKE = re.compile(r"\u0338 ?(\S)")  # TeX sets the stroke of "not equal" before the sign
COMBINING = {
    "\xa8": "\u0308",
    "\xb4": "\u0301",
    "\u02c6": "\u0302",
    "\u02dc": "\u0303",
    "\u02c7": "\u030c",
    "\u02da": "\u030a",
    "\u02dd": "\u030b",
    "\u02d8": "\u0306",
    "\xaf": "\u0304",
    "\u02c9": "\u0304",
    "\u02d9": "\u0307",
    "\xb8": "\u0327",
    "\u02db": "\u0328",
    "\u02cb": "\u0300",
    "\u02ca": "\u0301",
}
"""Accents that stand as glyphs of their own, and the combining form that joins the letter before it."""
_ACCENT = re.compile(rf"([{''.join(COMBINING)}]) ?([^\W\d_])")
_GRAVE = re.compile(r"(?<=[^\W\d_])`([aeiouAEIOU])(?=[^\W\d_])")  # TeX's grave is a tick by its code
_LOOSE = re.compile("(?:^|(?<=\\s))([\u0300-\u030c\u0327\u0328])([^\\W\\d_])")  # a combining accent before its letter
_DOTLESS = re.compile("[\u0131\u0237](?=[\u0300-\u030c])")
_DOTTED = {"\u0131": "i", "\u0237": "j"}
_ODD = re.compile(
    f"[`\u0131\u0237\u0300-\u0338{''.join(COMBINING)}]|{_BULLET.pattern}|{_SUSPECT.pattern[2:]}"
    f"|{_COMPATIBLE.pattern}|{_TAGS.pattern}"
)
"""What any of the steps below may change: most lines have nothing of it."""
_DINGBATS = {**dict.fromkeys("\uf0b7\uf0a7\uf0a8\uf0d8\uf076\uf06e\uf06c\uf071\uf075\uf09f", "•")}
_DINGBATS |= {"\uf0fc": "✓", "\uf0fb": "✗", "\uf0e0": "→", "\uf0e8": "→", "\uf0df": "←", "\uf0f0": "⇒"}
_DINGBAT_TABLE = str.maketrans(_DINGBATS)

# TeX's fonts of tall signs (cmex and its kin) often have no letter map; then their codes come through as they are:
# control characters for brackets, capitals for sums and integrals, p to s for roots, z { | } for pieces of braces.
_TALL_FONT = re.compile("CMEX|MathExt|LMEX", re.IGNORECASE)
_TALL_SIGNS = {
    **dict.fromkeys("\x00\x10\x12 \x20", "("),
    **dict.fromkeys("\x01\x11\x13!", ")"),
    **dict.fromkeys('\x02\x14h"', "["),
    **dict.fromkeys("\x03\x15i#", "]"),
    **dict.fromkeys("\x08\x1an", "{"),
    **dict.fromkeys("\x09\x1bo", "}"),
    **dict.fromkeys("\x0a\x1cD", "⟨"),
    **dict.fromkeys("\x0b\x1dE", "⟩"),
    **dict.fromkeys("\x0c", "|"),
    **dict.fromkeys("\x0d", "‖"),
    **dict.fromkeys("PX", "∑"),
    **dict.fromkeys("QY", "∏"),
    **dict.fromkeys("RZ", "∫"),
    **dict.fromkeys("S[", "⋃"),
    **dict.fromkeys("T\\", "⋂"),
    **dict.fromkeys("pqrst", "√"),
    **dict.fromkeys("z{|}0123456789:;<=>@ABCbcdefg", ""),
}
_TALL_TABLE = str.maketrans(_TALL_SIGNS)
_TELL_TALE = re.compile('[\x00-\x1f!"#PXQYRZpqrsz]')


def clean(text: str) -> str:
    """One line's text with ligatures and styled letters spelled out, accents joined and unseen characters removed.

    A glyph nobody knows the letter of leaves `GAP` inside a word, and nothing elsewhere. A soft hyphen at the end of
    the line is the hyphen that is seen there.
    """
    if "...." in text or ". . . ." in text:
        text = _LEADER.sub(" … ", text)
    if text.isascii():
        if text.isprintable():
            return " ".join((_GRAVE.sub(_graved, text) if "`" in text else text).split())
        return " ".join(_without_unknown(text).split())
    if not _ODD.search(text) and unicodedata.is_normalized("NFC", text):
        return " ".join(text.split())
    text = text.rstrip()
    if text.endswith("\xad"):
        text = text.rstrip("\xad") + "-"
    text = text.translate(_DINGBAT_TABLE)
    text = _COMPATIBLE.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    text = _ACCENT.sub(lambda found: _joined(found[2], COMBINING[found[1]]), _GRAVE.sub(_graved, text))
    text = _LOOSE.sub(lambda found: _joined(found[2], found[1]), text)
    text = _DOTLESS.sub(lambda found: _DOTTED[found[0]], _STROKE.sub("\\1\u0338", text))
    text = _BULLET.sub(r"\1 ", _without_unknown(_TAGS.sub("", text)))
    return " ".join(unicodedata.normalize("NFC", text).split())


def _without_unknown(text: str) -> str:
    """Unseen and unknown characters removed, the unknown ones inside words marked."""
    text = _UNSEEN.sub("", _PRIVATE.sub("", _GAPS.sub(_GAP_KEPT, text)))
    return text.replace(_GAP_KEPT, GAP)


def _joined(letter: str, accent: str) -> str:
    return unicodedata.normalize("NFC", _DOTTED.get(letter, letter) + accent)


def _graved(found: re.Match[str]) -> str:
    return _joined(found[1], "\u0300")


def unreadable(text: str) -> int:
    """How many characters of `text` stand for glyphs whose letter nobody knows."""
    if text.isascii():
        return len(_UNSEEN.findall(text))
    text = _BRACKET_PIECES.sub("", text.translate(_DINGBAT_TABLE))
    return len(_PRIVATE.findall(text)) + len(_UNSEEN.findall(text))


def spell_tall_signs(spans: Sequence[dict[str, Any]]) -> None:
    """Rewrites, in place, the codes of TeX's tall signs as the signs they show, for fonts without a letter map."""
    fonts = {font for font in {span["font"] for span in spans} if _TALL_FONT.search(font)}
    if not fonts:
        return
    tall = [span for span in spans if span["font"] in fonts]
    unmapped = {span["font"] for span in tall if _TELL_TALE.search(span["text"])}
    for span in tall:
        if span["font"] in unmapped:
            span["text"] = span["text"].translate(_TALL_TABLE)


def broken_fonts(spans: Sequence[dict[str, Any]]) -> set[str]:
    """Fonts most of whose glyphs here map to nothing, to private characters, or to exclamation marks."""
    if not _SUSPECT.search("".join([span["text"] for span in spans])):
        return set()
    total: Counter[str] = Counter()
    bad: Counter[str] = Counter()
    for span in spans:
        text = span["text"].strip()
        if text:
            total[span["font"]] += len(text)
            if wrong := unreadable(text) + text.count("!"):
                bad[span["font"]] += wrong
    return {
        font for font, wrong in bad.items() if wrong >= BROKEN_FONT_CHARS and wrong > BROKEN_FONT_SHARE * total[font]
    }
