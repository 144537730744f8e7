"""Ends of answers: the stream is closed and everything written down, in one transaction, before its reader sees it."""

import asyncio
from typing import Any
from uuid import UUID

from pipelines.answering.citations import Handles, quotations
from pipelines.answering.prompts import PROMPT_VERSION
from pipelines.answering.turn import Turn
from pipelines.core.errors import StorageUnavailableError
from pipelines.core.records import PIPELINE
from serving.accounts.addresses import CONNECT
from serving.chat import parts as p
from serving.chat.live import REASON, SHUTDOWN, LiveRun
from serving.chat.sources import as_found
from serving.chat.writer import PartWriter
from serving.database import CHANNEL, Connection, ServingDatabase, jsonb, row, run, run_many
from serving.log import log
from serving.problems import error_json

SAVE_TRIES = 4
"""Times an answer's end is written when the database fails; between them 0.2, 0.4, 0.8 seconds pass."""

KEYLESS = ("connect_openrouter", "key_rejected")
"""Ends of answers after which a person is shown where to connect a key."""


async def end_answer(
    database: ServingDatabase, live: LiveRun, writer: PartWriter, turn: Turn, *, status: str, code: str | None
) -> None:
    """Close the stream and write everything down; the reader sees the end when it is true."""
    writer.finish_step()
    if live.sources:
        writer.citations(_citations(writer.message.text(), turn.handles, live.sources))
    if code in KEYLESS:
        writer.connect("openrouter", CONNECT)
    live.feed.hold()
    metadata = _metadata(turn)
    if status == "done":
        writer.finish(turn.finish_reason, metadata or None)
    elif status == "error":
        writer.error(error_json(code or "internal"))
    else:
        writer.abort(REASON[live.cause or SHUTDOWN])
    live.feed.append(p.DONE)
    hits = [as_found(number, hit) for number, hit in turn.handles.hits.items()]
    ending = {"status": status, "error_code": code, "metadata": metadata, "hits": hits}
    if not await _save(database, live, writer, ending):
        live.feed.drop_held()
        live.feed.append(p.Error(error_text=error_json("storage_unavailable")).sse() + p.DONE)
    log("run_ended", run=str(live.begun.run_id), status=status, code=code, searches=turn.searches,
        cited=len(live.sources), dropped=turn.words.dropped, usage=turn.usage or None)  # fmt: skip


async def _save(database: ServingDatabase, live: LiveRun, writer: PartWriter, ending: dict[str, Any]) -> bool:
    batch = live.batch()
    for attempt in range(SAVE_TRIES):
        try:
            async with database.transaction(as_person=PIPELINE) as connection:
                if await row(connection, "finish_run", run_id=live.begun.run_id, status=ending["status"]):
                    await finish_message(connection, live.begun.message_key, writer, ending)
                    await store(connection, [batch] if batch else [])
            return True
        except StorageUnavailableError:
            log("save_failed", run=str(live.begun.run_id), attempt=attempt + 1)
            await asyncio.sleep(0.2 * 2**attempt)
    return False


async def finish_message(connection: Connection, message_key: UUID, writer: PartWriter, ending: dict[str, Any]) -> None:
    """Keep an answer as its writer's parts add up."""
    await run(
        connection,
        "finish_message",
        message_key=message_key,
        status=ending["status"],
        error_code=ending["error_code"],
        content=writer.message.text(),
        parts=jsonb(writer.message.parts()),
        metadata=jsonb(ending["metadata"]),
        hits=jsonb(ending["hits"]),
    )


async def store(connection: Connection, batches: list[dict[str, Any]]) -> None:
    """Keep these batches of stream text with the sources they name, and wake readers elsewhere."""
    if batches:
        await run_many(connection, "insert_source", [source for batch in batches for source in batch["sources"]])
        columns = {f"{name}s": [batch[name] for batch in batches] for name in ("run_id", "seq", "data")}
        await run(connection, "insert_events", **columns)
    await run(connection, "wake", channel=CHANNEL, payload="")


def _metadata(turn: Turn) -> dict[str, Any]:
    """What `message.metadata` gets at the end: model, prompts, usage and cost as far as known; does it sum up?"""
    usage = {name: value for name, value in turn.usage.items() if name != "cost"}
    cost, summary = turn.usage.get("cost"), turn.summarised or None
    version = PROMPT_VERSION if turn.model else None
    found = {"model": turn.model, "promptVersion": version, "usage": usage or None, "cost": cost, "summary": summary}
    return {name: value for name, value in found.items() if value is not None}


def _citations(text: str, handles: Handles, sources: list[dict[str, Any]]) -> dict[str, Any]:
    quotes = quotations(text, handles)
    return {
        "sources": [{"handle": source["handle"], "sourceId": str(source["id"])} for source in sources],
        "quotes": [
            {"text": quote.text, "handle": quote.handle, "verbatim": quote.handle is not None} for quote in quotes
        ],
    }
