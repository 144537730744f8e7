"""Any document as PDF bytes, in the bounded child: its pages are then read and drawn as those of a deck."""

from typing import BinaryIO

from pipelines.steps.documents.kinds import is_text, kind_of


def as_pdf(source: BinaryIO, *, max_pages: int) -> bytes:
    """The bytes of a PDF as they are; a picture or a text as a PDF made from it.

    Raises:
        UnreadableFileError: as `pictures_as_pdf` and `text_as_pdf`.
    """
    kind = kind_of(source)
    data = source.read()
    if kind == "picture":
        from pipelines.steps.documents.pictures import pictures_as_pdf

        return pictures_as_pdf(data, max_pages=max_pages)
    if kind is not None and is_text(kind):
        from pipelines.steps.documents.texts import text_as_pdf

        return text_as_pdf(data, kind, max_pages=max_pages)
    return data
