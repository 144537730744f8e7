"""Stored messages as the AI SDK's UI messages: what a client that loads a chat gets."""

from collections.abc import Sequence
from typing import Any

from serving.chat.sessions import Message, list_changed_sources, list_feedback, list_siblings
from serving.chat.sources import PROVIDER
from serving.database import Connection
from serving.schemas.chats import MessageOut


async def ui_messages(connection: Connection, messages: Sequence[Message]) -> list[MessageOut]:
    """These messages, each with what has happened to it since: sources that changed, a rating, other versions."""
    if not messages:
        return []
    changed = await list_changed_sources(connection, messages)
    feedback = await list_feedback(connection, messages)
    siblings = await list_siblings(connection, messages)
    found = []
    for message in messages:
        metadata: dict[str, Any] = {
            **message.metadata,
            "createdAt": message.created_at.isoformat(),
            "status": message.status,
            "key": str(message.key),
        }
        if message.error_code is not None:
            metadata["errorCode"] = message.error_code
        if message.key in feedback:
            metadata["feedback"] = feedback[message.key]
        if message.key in siblings:
            metadata["versions"] = [str(key) for key in siblings[message.key]]
        parts = [_with_change(part, changed) for part in message.parts]
        role = "user" if message.role == "user" else "assistant"
        found.append(MessageOut(id=message.id, role=role, metadata=metadata, parts=parts))
    return found


def _with_change(part: dict[str, Any], changed: dict[str, bool]) -> dict[str, Any]:
    """A source part that says so when the course no longer holds its words, or its file at all."""
    if part.get("type") != "source-document" or part.get("sourceId") not in changed:
        return part
    known = part.get("providerMetadata", {}).get(PROVIDER, {})
    removed = {"removed": True} if changed[part["sourceId"]] else {}
    return {**part, "providerMetadata": {PROVIDER: {**known, "changed": True, **removed}}}
