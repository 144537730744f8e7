"""Type 3 fonts: glyphs that are little drawings, whose nominal size and letters may mean nothing.

Old TeX drivers, scanners and plotting programs write them. Their size is what is seen, and their letters are believed
only when the font names them.
"""

import re
from collections.abc import Sequence
from typing import Any

from pipelines.steps.pdf.lines import Span

BOX_EM = 1.3
"""Height of a font's box in font sizes, roughly: ascent and descent."""

_XREF = re.compile(r"^Type3 \((\d+) ")
_NAME = re.compile(r"/([^\s/\[\]<>()]+)")


def measure(spans: Sequence[Span]) -> None:
    """Gives spans in Type 3 fonts, in place, the size that is seen: font matrices may make any number any size."""
    fonts = {font for font in {span["font"] for span in spans} if font.startswith("Type3")}
    for span in spans if fonts else ():
        if span["font"] in fonts:
            x0, y0, x1, y1 = span["bbox"]
            letters = max(1, len(span["text"]))
            height = y1 - y0 if y1 - y0 > 1 else 2.2 * (x1 - x0) / letters
            seen = height / BOX_EM
            if seen > 0 and not 0.5 < span["size"] / seen < 2:
                span["size"] = seen


def unnamed(document: Any, font: str) -> bool:
    """Has this font of a span no letter map: neither a ToUnicode table nor names that say which letter a glyph is?"""
    from pymupdf import mupdf

    found = _XREF.match(font)
    if not found:
        return False
    xref = int(found[1])
    try:
        if document.xref_get_key(xref, "ToUnicode")[0] != "null":
            return False
        kind, value = document.xref_get_key(xref, "Encoding/Differences")
        if kind == "null":
            return True
        if kind == "xref":
            value = document.xref_object(int(value.split()[0]))
    except (RuntimeError, ValueError):  # a damaged font names nothing
        return True
    names = _NAME.findall(value)
    known = sum(mupdf.fz_unicode_from_glyph_name_strict(name) not in (0, 0xFFFD) for name in names)
    return known < 0.5 * len(names)
