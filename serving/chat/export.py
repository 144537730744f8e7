"""A chat as a file: Markdown to read, JSON to keep."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic_core import to_json

from pipelines.answering.citations import safe_markdown
from serving.chat.sessions import Session
from serving.chat.sources import PROVIDER
from serving.schemas.chats import MessageOut

Format = Literal["markdown", "json"]


def export(session: Session, messages: Sequence[MessageOut], format: Format) -> tuple[str, str, str]:
    """(text, media type, file suffix)."""
    if format == "json":
        value = {
            "id": session.client_id,
            "title": session.title,
            "courseId": session.course_id,
            "createdAt": session.created_at,
            "messages": [message.model_dump(by_alias=True) for message in messages],
        }
        return to_json(value, indent=2).decode(), "application/json", "json"
    blocks = [f"# {session.title or 'Chat'}", *(_markdown(message) for message in messages)]
    return safe_markdown("\n\n".join(blocks)) + "\n", "text/markdown; charset=utf-8", "md"


def _markdown(message: MessageOut) -> str:
    words = "\n\n".join(part["text"] for part in message.parts if part["type"] == "text")
    if message.role == "user":
        return "## Question\n\n" + words
    status = message.metadata.get("status")
    note = "" if status == "done" else f"\n\n*({status})*"
    sources = [_source(part) for part in message.parts if part["type"] == "source-document"]
    listed = "\n\nSources:\n\n" + "\n".join(sources) if sources else ""
    return "## Answer\n\n" + words + note + listed


def _source(part: dict[str, Any]) -> str:
    known = part.get("providerMetadata", {}).get(PROVIDER, {})
    changed = " (the source has changed since)" if known.get("changed") else ""
    changed = " (the material was removed)" if known.get("removed") else changed
    return f"- [{known.get('handle')}] {part['title']}{changed}"
