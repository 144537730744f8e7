"""Office files as small as they can be, written part by part, so that each holds just what its test says."""

import io
import zipfile
from collections.abc import Mapping, Sequence

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_DRAW = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    f'xmlns:r="{_OFFICE}" xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
)
_ODF = "urn:oasis:names:tc:opendocument:xmlns:"


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            stored = zipfile.ZIP_STORED if name == "mimetype" else None
            archive.writestr(name, content, compress_type=stored)
    return target.getvalue()


def _relations(*entries: tuple[str, str], external: Sequence[str] = ()) -> str:
    mode = dict.fromkeys(external, ' TargetMode="External"')
    inner = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/{kind}" Target="{target}"{mode.get(target, "")}/>'
        for number, (kind, target) in enumerate(entries, 1)
    )
    return f'{_XML}<Relationships xmlns="{_RELS}">{inner}</Relationships>'


def _box(text: str, at: int = 0) -> str:
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="{at + 2}" name="box"/><p:cNvSpPr txBox="1"/><p:nvPr/></p:nvSpPr><p:spPr><a:xfrm>'
        f'<a:off x="500000" y="{500000 + at * 1500000}"/><a:ext cx="8000000" cy="1000000"/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></p:spPr><p:txBody><a:bodyPr/><a:p><a:r><a:rPr sz="2400"/>'
        f"<a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"
    )


def _linked_picture(number: int) -> str:
    return (
        f'<p:pic><p:nvPicPr><p:cNvPr id="{number + 20}" name="p"/><p:cNvPicPr/><p:nvPr/></p:nvPicPr><p:blipFill>'
        f'<a:blip r:link="rId{number}"/><a:stretch><a:fillRect/></a:stretch></p:blipFill><p:spPr><a:xfrm>'
        '<a:off x="500000" y="4000000"/><a:ext cx="2000000" cy="2000000"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/>'
        "</a:prstGeom></p:spPr></p:pic>"
    )


def _tree(inner: str) -> str:
    return f'<p:cSld><p:spTree><p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>{inner}</p:spTree></p:cSld>'  # noqa: E501


def pptx(
    slides: Sequence[Sequence[str]],
    *,
    notes: str = "",
    hidden: Sequence[int] = (),
    links: Sequence[str] = (),
    more: Mapping[str, str | bytes] | None = None,
) -> bytes:
    """A presentation: the texts of each slide, `notes` under the first, `hidden` slides (from 1), and on the first
    pictures that are `links` to elsewhere."""
    count = len(slides)
    types = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'  # noqa: E501
    base = "application/vnd.openxmlformats-officedocument.presentationml"
    types += f'<Override PartName="/ppt/presentation.xml" ContentType="{base}.presentation.main+xml"/>'
    types += "".join(
        f'<Override PartName="/ppt/slides/slide{n}.xml" ContentType="{base}.slide+xml"/>' for n in range(1, count + 1)
    )
    types += f'<Override PartName="/ppt/notesSlides/notesSlide1.xml" ContentType="{base}.notesSlide+xml"/>'
    ids = "".join(f'<p:sldId id="{255 + n}" r:id="rId{n}"/>' for n in range(1, count + 1))
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": f'{_XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{types}</Types>',
        "_rels/.rels": _relations(("officeDocument", "ppt/presentation.xml")),
        "ppt/presentation.xml": f'{_XML}<p:presentation {_DRAW}><p:sldIdLst>{ids}</p:sldIdLst><p:sldSz cx="9144000" cy="6858000"/><p:notesSz cx="6858000" cy="9144000"/></p:presentation>',  # noqa: E501
        "ppt/_rels/presentation.xml.rels": _relations(
            *(("slide", f"slides/slide{number}.xml") for number in range(1, count + 1))
        ),
    }
    for number, texts in enumerate(slides, 1):
        shown = ' show="0"' if number in hidden else ""
        inner = "".join(_box(text, at) for at, text in enumerate(texts))
        if number == 1:
            inner += "".join(_linked_picture(at) for at in range(1, len(links) + 1))
            entries = [("image", link) for link in links] + (
                [("notesSlide", "../notesSlides/notesSlide1.xml")] * bool(notes)
            )
            parts["ppt/slides/_rels/slide1.xml.rels"] = _relations(*entries, external=links)
        parts[f"ppt/slides/slide{number}.xml"] = f"{_XML}<p:sld {_DRAW}{shown}>{_tree(inner)}</p:sld>"
    if notes:
        parts["ppt/notesSlides/notesSlide1.xml"] = f"{_XML}<p:notes {_DRAW}>{_tree(_box(notes))}</p:notes>"
        parts["ppt/notesSlides/_rels/notesSlide1.xml.rels"] = _relations(("slide", "../slides/slide1.xml"))
    return zipped(parts | dict(more or {}))


def docx(paragraphs: Sequence[str]) -> bytes:
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs)
    types = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>'  # noqa: E501
    return zipped({
        "[Content_Types].xml": f'{_XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{types}</Types>',
        "_rels/.rels": _relations(("officeDocument", "word/document.xml")),
        "word/document.xml": f'{_XML}<w:document xmlns:w="{word}"><w:body>{body}</w:body></w:document>',
    })  # fmt: skip


def open_document(kind: str, inner: str, *, manifest: str = "", more: Mapping[str, str | bytes] | None = None) -> bytes:
    """An OpenDocument (`text` or `presentation`) whose body holds `inner`."""
    names = " ".join(f'xmlns:{short}="{_ODF}{name}"' for short, name in {
        "office": "office:1.0", "text": "text:1.0", "draw": "drawing:1.0", "presentation": "presentation:1.0",
        "svg": "svg-compatible:1.0", "script": "script:1.0",
    }.items())  # fmt: skip
    names += ' xmlns:xlink="http://www.w3.org/1999/xlink"'
    mime = f"application/vnd.oasis.opendocument.{kind}"
    listed = f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{mime}"/>'
    return zipped({
        "mimetype": mime,
        "META-INF/manifest.xml": f'{_XML}<manifest:manifest xmlns:manifest="{_ODF}manifest:1.0">{listed}<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml">{manifest}</manifest:file-entry></manifest:manifest>',  # noqa: E501
        "content.xml": f'{_XML}<office:document-content {names} office:version="1.3">{inner}</office:document-content>',
        **dict(more or {}),
    })  # fmt: skip


def odp(slides: Sequence[str]) -> bytes:
    pages = "".join(
        f'<draw:page draw:name="p{number}"><draw:frame svg:x="2cm" svg:y="2cm" svg:width="20cm" svg:height="3cm">'
        f"<draw:text-box><text:p>{text}</text:p></draw:text-box></draw:frame></draw:page>"
        for number, text in enumerate(slides)
    )
    return open_document(
        "presentation", f"<office:body><office:presentation>{pages}</office:presentation></office:body>"
    )


def odt(paragraphs: Sequence[str]) -> bytes:
    texts = "".join(f"<text:p>{text}</text:p>" for text in paragraphs)
    return open_document("text", f"<office:body><office:text>{texts}</office:text></office:body>")
