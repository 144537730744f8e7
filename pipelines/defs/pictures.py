"""Rendered pages: made where they are missing, kept in the file store, linked to in the UI."""

import io

import dagster as dg

from pipelines.core.records import Document, Slide
from pipelines.core.settings import Settings
from pipelines.core.slides import read_slides, set_slide_images
from pipelines.core.stored_files import hold_files
from pipelines.core.stores import Stores
from pipelines.defs.pages import pages_file
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
    with pages_file(stores, document) as path:
        limits = pdf_limits(stores.settings, background=True)
        for picture in render_slides(path, pages=pages, password=document.password, limits=limits):
            made += 1
            images[picture.page] = stores.files.add(io.BytesIO(picture.webp)).sha256
            if len(images) == BATCH:
                _name(stores, document, images)
                images = {}
    _name(stores, document, images)
    return made


def picture_link(settings: Settings, document: Document, slide: Slide) -> dg.UrlMetadataValue | None:
    """Where the API serves a slide's picture; None where there is none. The picture itself would fill the event log."""
    if slide.image_sha256 is None:
        return None
    host = f"[{settings.api_host}]" if ":" in settings.api_host else settings.api_host
    path = f"/api/courses/{document.course_id}/documents/{document.id}/pages/{slide.page}/image"
    return dg.MetadataValue.url(f"http://{host}:{settings.api_port}{path}")


def _name(stores: Stores, document: Document, images: dict[int, str]) -> None:
    with stores.database.transaction() as connection:
        hold_files(connection, stores.files, list(images.values()))
        set_slide_images(connection, document, images)
