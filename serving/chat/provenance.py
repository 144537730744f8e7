"""Provenance of an answer: each sentence's passages, and of each the file, the models and the runs it was made by."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pipelines.answering.quoting import where
from pipelines.answering.sentences import sentences
from serving.chat.sessions import SourceNews, list_source_news
from serving.database import Connection, row, rows
from serving.problems import ProblemError
from serving.schemas.provenance import CitedOut, FoundOut, ProvenanceOut, RunOut, SentenceOut

Url = Callable[[str], str | None]
"""From the id of a Dagster run to its address; None for who may not see it."""

_MADE_BY = {
    "read_from": "readFrom", "reader_version": "reader", "heard_by": "heardBy", "described_by": "describedBy",
    "description_prompt": "descriptionPrompt", "chunker_version": "chunker", "embedding_set": "set",
    "embedding_model": "model", "embedding_dims": "dims",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """A cited passage as it was kept: its place, the upload's hash (None: not kept) and what it was made by."""

    id: UUID
    handle: int
    kind: str
    title: str
    file_name: str
    page: int | None
    page_label: str | None
    start_ms: int | None
    end_ms: int | None
    chunk_id: UUID | None
    quote: str
    file_sha256: str | None
    origin: dict[str, Any]


async def provenance_of(connection: Connection, user_id: UUID, message_id: str, url_of: Url) -> ProvenanceOut:
    """Where an answer of this person comes from.

    Args:
        message_id: the id that the client knows, or the key that `metadata` has.

    Raises:
        ProblemError: `not_found`.
    """
    answer = await row(connection, "find_answer", user_id=user_id, id=message_id, key=_key(message_id))
    if answer is None:
        raise ProblemError("not_found")
    cited = [Cited(**each) for each in await rows(connection, "list_origins", message_key=answer["key"])]
    news = await list_source_news(connection, [answer["key"]])
    ranks = {hit["handle"]: hit for hit in answer["hits"]}
    handles = {each.handle for each in cited}
    told = [
        SentenceOut(text=each.text, handles=[handle for handle in each.handles if handle in handles])
        for each in sentences(answer["content"])
    ]
    return ProvenanceOut(
        message_id=answer["id"],
        key=answer["key"],
        question=answer["question"],
        answered_at=answer["created_at"],
        status=answer["status"],
        model=answer["metadata"].get("model"),
        prompt_version=answer["metadata"].get("promptVersion"),
        usage=answer["metadata"].get("usage"),
        sentences=told,
        sources=[_cited(each, news.get(str(each.id)), ranks.get(each.handle, {}), url_of) for each in cited],
        found=[_found(hit, cited=hit["handle"] in handles) for hit in answer["hits"]],
    )


def _cited(source: Cited, news: SourceNews | None, hit: dict[str, Any], url_of: Url) -> CitedOut:
    stands = news or source
    kept = {name: getattr(source, name) for name in ("id", "handle", "kind", "title", "file_name", "chunk_id", "quote")}
    return CitedOut(
        **kept,
        **{name: getattr(stands, name) for name in ("page", "page_label", "start_ms", "end_ms")},
        where=where(stands),
        changed=news is not None and news.changed,
        removed=news is not None and news.removed,
        file_sha256=source.file_sha256,
        **{ours: source.origin.get(theirs) for ours, theirs in _MADE_BY.items()},
        rank=hit.get("rank"),
        dense_rank=hit.get("denseRank"),
        lexical_rank=hit.get("lexicalRank"),
        runs=_runs(source.origin.get("runs", {}), url_of),
    )


def _found(hit: dict[str, Any], *, cited: bool) -> FoundOut:
    names = {"handle", "kind", "where", "rank", "chunkId"}
    return FoundOut(
        **{name: hit[name] for name in names},
        dense_rank=hit.get("denseRank"),
        lexical_rank=hit.get("lexicalRank"),
        cited=cited,
    )


def _runs(by_stage: dict[str, str], url_of: Url) -> list[RunOut]:
    stages: dict[str, list[str]] = {}
    for stage, run_id in by_stage.items():
        stages.setdefault(run_id, []).append(stage)
    return [RunOut(stages=sorted(names), run_id=run_id, url=url_of(run_id)) for run_id, names in stages.items()]


def _key(message_id: str) -> UUID | None:
    try:
        return UUID(message_id)
    except ValueError:
        return None
