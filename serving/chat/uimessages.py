"""Stored messages as the AI SDK's UI messages: what a client that loads a chat gets."""

from collections.abc import Callable, Sequence
from typing import Any

from pipelines.answering.quoting import where
from serving.chat.parts import clean
from serving.chat.sessions import Message, SourceNews, list_feedback, list_siblings, list_source_news
from serving.chat.sources import PROVIDER
from serving.database import Connection
from serving.schemas.chats import MessageOut


async def ui_messages(
    connection: Connection, messages: Sequence[Message], link: Callable[[Message], list[dict[str, Any]]] | None = None
) -> list[MessageOut]:
    """These messages, each with what has happened to it since: sources that changed, a rating, other versions.

    Args:
        link: gives a message's parts with links to its pictures; None: with the pictures themselves, to keep.
    """
    if not messages:
        return []
    news = await list_source_news(connection, [message.key for message in messages])
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
        parts = [_with_news(part, news) for part in (link(message) if link is not None else message.parts)]
        role = "user" if message.role == "user" else "assistant"
        found.append(MessageOut(id=message.id, role=role, metadata=metadata, parts=parts))
    return found


def _with_news(part: dict[str, Any], news: dict[str, SourceNews]) -> dict[str, Any]:
    """A source part that says where its words stand now, or that the course no longer holds them, or its file."""
    told = news.get(part.get("sourceId", "")) if part.get("type") == "source-document" else None
    if told is None:
        return part
    known = part.get("providerMetadata", {}).get(PROVIDER, {})
    if told.changed or told.removed:
        removed = {"removed": True} if told.removed else {}
        return {**part, "providerMetadata": {PROVIDER: {**known, "changed": True, **removed}}}
    place = {"page": told.page, "pageLabel": told.page_label, "startMs": told.start_ms, "endMs": told.end_ms}
    moved = {**known, **place}
    stays = {name: value for name, value in moved.items() if value is not None}
    return {**part, "title": clean(where(told)), "providerMetadata": {PROVIDER: stays}}
