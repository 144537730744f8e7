"""PDFs the tests make themselves: small decks with pymupdf, and hostile files written by hand."""

import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import pymupdf

SLIDE = (480.0, 270.0)
"""Width and height of a test slide in points."""

Text = tuple[float, float, float, str]
"""x, y of the base line, font size, text."""


def write_deck(path: Path, pages: Iterable[Sequence[Text]], *, size: tuple[float, float] = SLIDE) -> Path:
    """A deck with the given texts on each page, in Helvetica."""
    document = pymupdf.open()
    for texts in pages:
        page = document.new_page(width=size[0], height=size[1])
        for x, y, font_size, text in texts:
            page.insert_text((x, y), text, fontsize=font_size)
    document.save(path)
    return path


def slide(title: str, *bullets: str, footer: str = "") -> list[Text]:
    """A usual slide: a large title, bullets below, a small footer."""
    texts: list[Text] = [(30, 35, 20, title)]
    texts += [(40, 80 + 22 * number, 12, bullet) for number, bullet in enumerate(bullets)]
    return [*texts, (360, 258, 7, footer)] if footer else texts


def raw_pdf(objects: Sequence[bytes]) -> bytes:
    """A PDF of the given objects, numbered from 1; object 1 must be the catalog."""
    out = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    xref = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for offset in offsets:
        out += b"%010d 00000 n \n" % offset
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, xref)
    return bytes(out)


def stream(data: bytes, extra: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), extra, data)


def one_page(
    content: bytes, *, box: bytes = b"[0 0 480 270]", resources: bytes = b"", more: Sequence[bytes] = ()
) -> bytes:
    """A PDF of one page; `content` is object 4, `more` are objects from 5 on."""
    return raw_pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox %s /Contents 4 0 R /Resources << %s >> >>" % (box, resources),
            content,
            *more,
        ]
    )


def flate_bomb() -> bytes:
    """A few kilobytes that unpack, twice, to 400 MB of drawing operators."""
    packer = zlib.compressobj(1)
    unit = b"0 0 m 9 9 l S\n" * (1 << 15)
    packed = b"".join(packer.compress(unit) for _ in range(900)) + packer.flush()
    return one_page(stream(zlib.compress(packed, 9), b"/Filter [/FlateDecode /FlateDecode]"))


def nested_forms(depth: int = 24, fan: int = 12) -> bytes:
    """Form objects that each draw the next one many times: fan ** depth drawings in 3 kilobytes."""
    forms = []
    for level in range(depth):
        last = level == depth - 1
        body = b"0 0 m 9 9 l S" if last else b"/F Do " * fan
        uses = b"" if last else b"/Resources << /XObject << /F %d 0 R >> >>" % (6 + level)
        forms.append(stream(body, b"/Type /XObject /Subtype /Form /BBox [0 0 99 99] " + uses))
    return one_page(stream(b"/F Do"), resources=b"/XObject << /F 5 0 R >>", more=forms)


def huge_page() -> bytes:
    """A page of 10^6 points a side: 4 terabytes of pixels at the usual resolution."""
    font = b"/Font << /H << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>"
    return one_page(stream(b"BT /H 40000 Tf 1000 500000 Td (Huge) Tj ET"), box=b"[0 0 1000000 1000000]", resources=font)


def huge_image(side: int = 30_000) -> bytes:
    """An image of 900 million pixels in a megabyte."""
    packer = zlib.compressobj(9)
    row = bytes(side // 8)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    extra = b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 1 " % (
        side,
        side,
    )
    image = stream(data, extra + b"/Filter /FlateDecode")
    return one_page(stream(b"480 0 0 270 0 0 cm /I Do"), resources=b"/XObject << /I 5 0 R >>", more=[image])
