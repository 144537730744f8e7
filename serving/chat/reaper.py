"""Answers whose process died: closed as interrupted, with what they had said, so that their chat is free again.

A process that only stood still (suspended, swapped out) goes on with its answers and writes their true end over this.
"""

from typing import Any
from uuid import UUID

from pipelines.core.records import PIPELINE
from serving.chat import parts as p
from serving.chat.endings import finish_message
from serving.chat.writer import PartWriter
from serving.database import CHANNEL, Connection, ServingDatabase, row, rows, run
from serving.limits import Limits
from serving.log import log

REASON = "The service was interrupted."


async def reap(database: ServingDatabase, limits: Limits, owner: UUID) -> int:
    """Close every answer whose process has been silent too long; how many there were.

    `owner` is this process: its own answers live as long as it does, however late a beat may come.

    Raises:
        StorageUnavailableError
    """
    async with database.transaction(as_person=PIPELINE) as connection:
        await run(connection, "correct_beats", dead_after_s=limits.dead_after_s)
        dead = await rows(connection, "claim_dead_runs", dead_after_s=limits.dead_after_s, owner=owner)
        for each in dead:
            await _close(connection, each["id"], each["message_key"])
        if dead:
            await run(connection, "wake", channel=CHANNEL, payload="")
            log("reaped", runs=len(dead))
    return len(dead)


async def forget(database: ServingDatabase, limits: Limits) -> None:
    """Remove stream text nobody will ask for any more.

    Raises:
        StorageUnavailableError
    """
    async with database.transaction(as_person=PIPELINE) as connection:
        await run(connection, "forget_events", kept_s=limits.events_kept_s)


async def _close(connection: Connection, run_id: UUID, message_key: UUID) -> None:
    events = await rows(connection, "read_events", run_ids=[run_id], after=[0])
    whole = _contiguous(events)
    said = p.parse_sse("".join(whole))
    sent: list[p.Part] = []
    writer = PartWriter(sent.append)
    writer.resume(said)
    writer.abort(REASON)
    last = b"".join(part.sse() for part in sent) + p.DONE
    batch = {"run_ids": [run_id], "seqs": [len(whole) + 1], "datas": [last.decode()]}
    await run(connection, "insert_events", **batch)
    await row(connection, "finish_run", run_id=run_id, status="interrupted")
    await finish_message(
        connection, message_key, writer, {"status": "interrupted", "error_code": None, "metadata": {}, "hits": []}
    )


def _contiguous(events: list[dict[str, Any]]) -> list[str]:
    """Batches up to the first gap: a later one alone would not be a legal stream."""
    whole: list[str] = []
    for event in events:
        if event["seq"] != len(whole) + 1:
            break
        whole.append(event["data"])
    return whole
