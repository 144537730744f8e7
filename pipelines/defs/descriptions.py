"""Slide descriptions: what a vision model sees on each rendered page, paid for once."""

import time
from dataclasses import dataclass

import dagster as dg

from pipelines.core.description_refusals import clear_description_refusal, put_description_refusal
from pipelines.core.errors import (
    CapBusyError,
    CapReachedError,
    KeyMissingError,
    ProviderRefusedError,
    ProviderUnavailableError,
)
from pipelines.core.models.completions import describe_image
from pipelines.core.models.item_cache import get_cached_items, item_key, put_cached_item
from pipelines.core.models.payers import payer_of_pictures
from pipelines.core.records import Document, Slide, SlideDescription
from pipelines.core.slides import count_document, put_slide_description, read_slides
from pipelines.core.stores import Stores
from pipelines.defs.documents import GROUP, OWNERS, document_of
from pipelines.defs.failures import MOST_RETRIES
from pipelines.defs.models import meter_for
from pipelines.defs.partitions import documents_partitions
from pipelines.defs.pictures import render_missing
from pipelines.defs.resources import StoresResource
from pipelines.defs.slides import slides
from pipelines.steps.descriptions import PROMPT_VERSION, SlidePicture, describe_slides

CACHE = "slide_description"


@dg.asset(
    partitions_def=documents_partitions,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"openai", "postgres"},
    deps=[slides],
    code_version=PROMPT_VERSION,
    check_specs=[dg.AssetCheckSpec("every_slide_is_described", asset="slide_descriptions")],
)
def slide_descriptions(context: dg.AssetExecutionContext, stores: StoresResource) -> dg.MaterializeResult:
    """What each slide shows, figures included, in words. Zero rows where no vision model is configured."""
    started, store = time.monotonic(), stores.open
    with document_of(context, store) as document:
        spent, refusal = _Spent(), None
        if store.settings.vision_model:
            refusal = _try_to_describe(context, store, document, spent)
        with store.database.transaction() as connection:
            counts = count_document(connection, document)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": counts.descriptions,
            "model": store.settings.vision_model or "none: set VISION_MODEL to describe slides",
            "made": spent.made,
            "reused": counts.descriptions - spent.made,
            "prompt_tokens": spent.prompt_tokens,
            "completion_tokens": spent.completion_tokens,
            "cost_usd": round(spent.cost_usd, 6),
            "seconds": round(time.monotonic() - started, 2),
            **({"preview": dg.MetadataValue.md(f"> {spent.preview}")} if spent.preview else {}),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="every_slide_is_described",
                passed=counts.descriptions == counts.slides,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"slides": counts.slides, "descriptions": counts.descriptions},
                description=refusal or (None if store.settings.vision_model else "No vision model is configured."),
            )
        ],
    )


@dataclass(slots=True)
class _Spent:
    made: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0
    preview: str = ""

    def add(self, description: SlideDescription) -> None:
        self.made += 1
        self.prompt_tokens += description.prompt_tokens
        self.completion_tokens += description.completion_tokens
        self.cost_usd += description.cost_usd
        self.preview = self.preview or description.text


def _try_to_describe(
    context: dg.AssetExecutionContext, stores: Stores, document: Document, spent: _Spent
) -> str | None:
    """Describe what is not described yet. A model that refuses does not keep the text from being searched.

    Returns:
        The sentence that stays as a warning where the model refused, gave no answer however often it was asked, or
        where nobody pays for it: then the deck is described when its owner connects a key.

    Raises:
        ProviderUnavailableError: it gave no answer, and the step is tried again.
    """
    try:
        _describe(context, stores, document, spent)
    except (CapBusyError, CapReachedError, KeyMissingError, ProviderRefusedError, ProviderUnavailableError) as error:
        if error.retryable and context.retry_number < MOST_RETRIES:
            raise
        context.log.warning(f"{error.message} The deck can be searched by its text; it is described later.")
        with stores.database.transaction() as connection:
            put_description_refusal(connection, document, error)
        return error.message
    with stores.database.transaction() as connection:
        clear_description_refusal(connection, document)
    return None


def _describe(context: dg.AssetExecutionContext, stores: Stores, document: Document, spent: _Spent) -> None:
    model = stores.settings.vision_model or ""
    render_missing(stores, document)
    with stores.database.transaction() as connection:
        rows = read_slides(connection, document)
        keys = {slide.page: item_key(slide.image_sha256 or "", model, PROMPT_VERSION) for slide in rows}
        known = get_cached_items(connection, CACHE, list(keys.values()))
        for slide in rows:
            if (value := known.get(keys[slide.page])) is not None:
                reused = SlideDescription(page=slide.page, model=model, reused=True, **value)
                put_slide_description(connection, document, reused, prompt_version=PROMPT_VERSION)
    missing = [slide for slide in rows if keys[slide.page] not in known]
    pictures = {slide.page: slide.image_sha256 or "" for slide in missing}
    if not missing:
        return

    def keep(description: SlideDescription) -> None:
        """Each answer is kept at once: a run that dies later does not pay for it again."""
        value = {
            name: getattr(description, name) for name in ("text", "prompt_tokens", "completion_tokens", "cost_usd")
        }
        with stores.database.transaction() as connection:
            put_slide_description(connection, document, description, prompt_version=PROMPT_VERSION)
            picture = pictures[description.page]
            put_cached_item(connection, CACHE, keys[description.page], value, picture_sha256=picture)
        spent.add(description)
        context.log.info(f"Described page {description.page} ({spent.made} of {len(missing)}).")

    meter = meter_for(stores, document, payer_of_pictures, "description")
    assert meter is not None  # noqa: S101  VISION_MODEL is set
    client = stores.clients.of(meter.payer)
    describe_slides(
        [_item(stores, rows, slide) for slide in missing],
        deck_title=document.title,
        model=model,
        describe=lambda prompt, picture: describe_image(client, meter, prompt=prompt, image=picture),
        concurrency=stores.settings.model_concurrency,
        on_described=keep,
    )


def _item(stores: Stores, rows: list[Slide], slide: Slide) -> SlidePicture:
    def picture() -> bytes:
        with stores.files.open_read(slide.image_sha256 or "") as source:
            return source.read()

    before = next((row.title for row in reversed(rows[: slide.page - 1]) if row.title != slide.title), None)
    after = next((row.title for row in rows[slide.page :] if row.title != slide.title), None)
    return SlidePicture(slide=slide, picture=picture, previous_title=before, next_title=after)
