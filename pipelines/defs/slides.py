"""Slides: the text of every page first, because that is what people wait for, then its rendered picture."""

import time
from contextlib import suppress
from dataclasses import replace

import dagster as dg

from pipelines.core.control_characters import escape_controls
from pipelines.core.errors import StaleUpstreamError, StudyBuddyError
from pipelines.core.findings import list_findings, name_pages, pages_of, replace_findings, sum_up
from pipelines.core.records import NOT_RECOGNISED_YET, Document, Slide
from pipelines.core.slides import count_document, read_slides, replace_slides
from pipelines.core.stores import Stores
from pipelines.core.uploads import note_stage
from pipelines.defs.documents import GROUP, OWNERS, document_of, documents
from pipelines.defs.pages import left_out, pages_file
from pipelines.defs.parsing import pdf_limits
from pipelines.defs.partitions import documents_partitions
from pipelines.defs.pictures import picture_link, render_missing
from pipelines.defs.resources import StoresResource
from pipelines.steps.pdf.slides import SLIDES_VERSION, Deck, read_deck

PREVIEW_PAGES = 20
REPORT_EVERY = 50
"""Pages between two lines in the run's log: a long deck shows that it goes on, a short one stays silent."""

NOTE_EVERY_S = 1.0
"""Pause between two notes on a deck's pages: a page takes milliseconds, and each note is a write."""

MOST_JUNK = 0.5
"""Share of a text layer that may be junk before the check warns that the text is worth a look."""


@dg.asset(
    partitions_def=documents_partitions,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"pdf", "postgres"},
    deps=[documents],
    code_version=SLIDES_VERSION,
    check_specs=[
        dg.AssetCheckSpec("every_page_is_a_slide", asset="slides"),
        dg.AssetCheckSpec("text_is_not_junk", asset="slides"),
        dg.AssetCheckSpec(
            "every_page_is_read",
            asset="slides",
            description="Is there text for every page that shows something, or is it still to be recognised? Read back "
            "from the findings people see.",
        ),
    ],
)
def slides(context: dg.AssetExecutionContext, stores: StoresResource) -> dg.MaterializeResult:
    """Every page of the deck: text in reading order, title, printed number, section and animation frames.

    Pictures of text are left to `recognised_slides`, so that nobody waits for them, where the deck has other text.
    """
    started, store = time.monotonic(), stores.open
    with document_of(context, store) as document:
        deck = with_pictures(store, document, read_document(context, store, document, text_first=True))
        with store.database.transaction() as connection:
            replace_slides(connection, document, deck.slides, title=deck.title, code_version=SLIDES_VERSION)
            replace_findings(connection, document, deck.findings)
            counts, findings = count_document(connection, document), list_findings(connection, document)
    faults = [finding for finding in findings if finding.code != NOT_RECOGNISED_YET]
    unread, waiting = pages_of(faults), pages_of(set(findings) - set(faults))
    junk = counts.junk_chars / max(1, counts.junk_chars + counts.text_chars)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": counts.slides,
            "file": document.file_name,
            "title": deck.title,
            "pages_by_ocr": sum(slide.text_source == "ocr" for slide in deck.slides),
            "pages_to_recognise": name_pages(waiting),
            "pages_without_text": sum(slide.text_source == "none" for slide in deck.slides),
            "unreadable_share": round(len(unread) / max(1, counts.slides), 3),
            "animated_slides": len(deck.slides) - len({slide.frame_group for slide in deck.slides}),
            "junk_characters": counts.junk_chars,
            "seconds": round(time.monotonic() - started, 2),
            "preview": dg.MetadataValue.md(_preview(deck.slides)),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="every_page_is_a_slide",
                passed=counts.slides == counts.pages == deck.page_count and counts.stale_slides == 0,
                metadata={"pages": deck.page_count, "slides": counts.slides},
            ),
            dg.AssetCheckResult(
                check_name="text_is_not_junk",
                passed=junk <= MOST_JUNK,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"junk_share": round(junk, 3)},
            ),
            dg.AssetCheckResult(
                check_name="every_page_is_read",
                passed=not faults,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"pages": name_pages(unread), "findings": escape_controls(sum_up(faults))},
            ),
        ],
    )


@dg.asset(
    partitions_def=documents_partitions,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"pdf", "webp"},
    deps=[slides],
    code_version="1",
    op_tags={"dagster/priority": "-1"},  # nobody waits for pictures: make the deck searchable first
    check_specs=[dg.AssetCheckSpec("every_slide_has_a_picture", asset="slide_images")],
)
def slide_images(context: dg.AssetExecutionContext, stores: StoresResource) -> dg.MaterializeResult:
    """The rendered picture (WebP) of every page, for citations and for the vision model."""
    started, store = time.monotonic(), stores.open
    with document_of(context, store) as document:
        made = render_missing(store, document)
        with store.database.transaction() as connection:
            counts, rows = count_document(connection, document), read_slides(connection, document)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": counts.images,
            "made": made,
            "reused": counts.images - made,
            "seconds": round(time.monotonic() - started, 2),
            **({"first_page": link} if (link := picture_link(store.settings, document, rows[0])) else {}),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="every_slide_has_a_picture",
                passed=counts.images == counts.slides,
                metadata={"slides": counts.slides, "pictures": counts.images},
            )
        ],
    )


def read_document(context: dg.AssetExecutionContext, stores: Stores, document: Document, *, text_first: bool) -> Deck:
    """The deck as the parser reads it; how far it has come is noted for those who wait.

    Args:
        text_first: read no pictures of text where the deck has text without them.

    Raises:
        UnreadableFileError: as `read_deck`.
    """
    note = _Notes(context, stores, document)
    with pages_file(stores, document) as path:
        deck = read_deck(
            path,
            file_name=document.file_name,
            password=document.password,
            max_bytes=stores.settings.pdf_max_mb * 10**6,
            max_pages=stores.settings.pdf_max_pages,
            text_first=text_first,
            limits=pdf_limits(stores.settings, background=not text_first),
            on_page=note.page,
            on_picture=note.picture,
        )
    return replace(deck, findings=(*left_out(stores, document, pages=deck.page_count), *deck.findings))


def with_pictures(stores: Stores, document: Document, deck: Deck) -> Deck:
    """The deck whose pages, where they were rendered from these very bytes, keep their pictures."""
    try:
        with stores.database.transaction() as connection:
            pictures = {slide.page: slide.image_sha256 for slide in read_slides(connection, document)}
    except StaleUpstreamError:
        return deck
    return replace(deck, slides=[replace(slide, image_sha256=pictures.get(slide.page)) for slide in deck.slides])


class _Notes:
    """Tells the run's log and those who wait how far the reading of a deck has come."""

    def __init__(self, context: dg.AssetExecutionContext, stores: Stores, document: Document) -> None:
        self._context, self._stores, self._document = context, stores, document
        self._noted = time.monotonic()

    def page(self, page: int, pages: int) -> None:
        """So many pages are read."""
        if page and page % REPORT_EVERY == 0:
            self._context.log.info(f"Read page {page} of {pages}.")
        if page and time.monotonic() - self._noted >= NOTE_EVERY_S:
            self._note("pages", page, pages)

    def picture(self, done: int, pictures: int) -> None:
        """So many pictures of text are recognised; each takes a while."""
        self._note("pictures", done, pictures)

    def _note(self, noun: str, done: int, total: int) -> None:
        self._noted = time.monotonic()
        with suppress(StudyBuddyError), self._stores.database.transaction(lasting=False) as connection:
            note_stage(connection, self._document, f"{done} of {total} {noun}", counted=(done, total))


def _preview(deck: list[Slide]) -> str:
    """The pages' titles as a table; the UI shows it beside the counts."""
    rows = [
        f"| {slide.page} | {slide.page_label or ''} | {_cell(slide.title)} | {len(slide.body)} | {slide.text_source} |"
        for slide in deck[:PREVIEW_PAGES]
    ]
    return "\n".join(["| page | printed | title | characters | text from |", "| --- | --- | --- | --- | --- |", *rows])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")[:80]
