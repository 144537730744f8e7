"""Provenance of an answer as JSON: from its sentences to passages, files, models and runs."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from serving.schemas.base import Out


class RunOut(Out):
    """A Dagster run that made something of a cited file. `url` opens it, for who may see Dagster."""

    stages: list[str]
    run_id: str
    url: str | None


class SentenceOut(Out):
    """A sentence of the answer; `handles` are the numbers of the passages it cites."""

    text: str
    handles: list[int]


class CitedOut(Out):
    """A cited passage, and what it was made from when it was cited; null where that does not apply or was not kept.

    `readFrom`: a page's text layer, text recognition (`ocr`), captions or speech recognition; `fileSha256` names the
    bytes of the upload. `denseRank` and `lexicalRank`: its place by meaning, and by words. The place is where the same
    words stand now; `changed` and `removed` as in `SourceOut`.
    """

    id: UUID
    handle: int
    kind: Literal["slide", "speech"]
    where: str
    title: str
    file_name: str
    page: int | None
    page_label: str | None
    start_ms: int | None
    end_ms: int | None
    chunk_id: UUID | None
    quote: str
    changed: bool
    removed: bool
    file_sha256: str | None
    read_from: Literal["layer", "ocr", "none", "captions", "speech"] | None
    reader_version: str | None
    heard_by: str | None
    described_by: str | None
    description_prompt: str | None
    chunker_version: str | None
    embedding_set: str | None
    embedding_model: str | None
    embedding_dims: int | None
    rank: int | None
    dense_rank: int | None
    lexical_rank: int | None
    runs: list[RunOut]


class FoundOut(Out):
    """A passage that was found; `cited` False: the answer passed over it."""

    handle: int
    kind: Literal["slide", "speech"]
    where: str
    chunk_id: UUID
    rank: int
    dense_rank: int | None
    lexical_rank: int | None
    cited: bool


class ProvenanceOut(Out):
    """Where an answer comes from. `model` null: passages were quoted without one, and `promptVersion` is null too.

    `found` is everything its searches found, in the order of the handles; answers of before it was kept have none.
    """

    message_id: str
    key: UUID
    question: str
    answered_at: datetime
    status: str
    model: str | None
    prompt_version: str | None
    usage: dict[str, Any] | None
    sentences: list[SentenceOut]
    sources: list[CitedOut]
    found: list[FoundOut]
