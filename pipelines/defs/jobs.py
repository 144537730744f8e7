"""Jobs: everything one upload goes through, as one run. Sensors and the command line start these by name."""

import dagster as dg

from pipelines.core.settings import get_settings
from pipelines.defs.documents import GROUP as DECKS
from pipelines.defs.lectures import GROUP as SPEECH

QUEUE_TAG = "dagster-celery/queue"
"""Tag that says which machines of a fleet may take a run; nobody else looks at it."""


def _queue(name: str | None) -> dict[str, str]:
    return {QUEUE_TAG: name} if name else {}


documents_job = dg.define_asset_job(
    "process_document",
    selection=dg.AssetSelection.groups(DECKS) - dg.AssetSelection.assets("recognised_slides"),
    description="One uploaded deck: slides, descriptions, chunks, embeddings, and the check that says it is ready.",
    tags={"dagster/max_runtime": "14400"},  # four hours: a thousand scanned pages through OCR on a slow machine
)

recognition_job = dg.define_asset_job(
    "recognise_document",
    selection=dg.AssetSelection.assets("recognised_slides", "slide_chunks", "slide_embeddings"),
    description="The pictures of text of one deck that can be searched by its other text already.",
    tags={
        "dagster/max_runtime": "14400",
        "dagster/priority": "-1",  # text of other decks comes first
        **_queue(get_settings().ocr_queue),
    },
)

lectures_job = dg.define_asset_job(
    "process_lecture",
    selection=dg.AssetSelection.groups(SPEECH),
    description="One lecture: sound, transcript, chunks, embeddings, and which slide was up when.",
    tags={
        "dagster/max_runtime": "43200",  # twelve hours: six hours of speech on a slow machine
        **_queue(get_settings().speech_queue),
    },
)

evaluation_job = dg.define_asset_job(
    "evaluate_set",
    selection=dg.AssetSelection.assets("evaluation"),
    description="The questions of one course, asked in one of its embedding sets.",
    tags={"dagster/max_runtime": "3600", "dagster/priority": "-2"},  # nobody waits for it
)

promotion_job = dg.define_asset_job(
    "promote_set",
    selection=dg.AssetSelection.assets("set_embeddings", "evaluation", "promotion"),
    description="One set of one course: built, evaluated, and live when it is no worse.",
    tags={"dagster/max_runtime": "14400", "dagster/priority": "-2"},
)

JOBS = [documents_job, recognition_job, lectures_job, evaluation_job, promotion_job]
