"""Rendered pages: made where they are missing, kept in the file store, shown small in the UI."""

import base64
import io

from pipelines.core.records import Document, Slide
from pipelines.core.slides import read_slides, set_slide_images
from pipelines.core.stores import Stores
from pipelines.defs.parsing import pdf_limits
from pipelines.steps.pdf.slides import render_slides

BATCH = 20
"""Pictures named in one transaction: a run that dies renders at most this many again."""


def render_missing(stores: Stores, document: Document) -> int:
    """Render the pages that have no picture yet; returns how many were made (a page that cannot be drawn is left)."""
    with stores.database.transaction() as connection:
        pages = [slide.page for slide in read_slides(connection, document) if slide.image_sha256 is None]
    if not pages:
        return 0
    images: dict[int, str] = {}
    made = 0
    with stores.files.local_path(document.sha256) as path:
        for picture in render_slides(path, pages=pages, password=document.password, limits=pdf_limits(stores.settings)):
            made += 1
            images[picture.page] = stores.files.add(io.BytesIO(picture.webp)).sha256
            if len(images) == BATCH:
                _name(stores, document, images)
                images = {}
    _name(stores, document, images)
    return made


def picture_of(stores: Stores, slide: Slide) -> str:
    """Markdown that shows the slide's picture; empty when there is none."""
    if slide.image_sha256 is None:
        return ""
    with stores.files.open_read(slide.image_sha256) as source:
        encoded = base64.b64encode(source.read()).decode()
    return f"![page {slide.page}](data:image/webp;base64,{encoded})"


def _name(stores: Stores, document: Document, images: dict[int, str]) -> None:
    with stores.database.transaction() as connection:
        set_slide_images(connection, document, images)
