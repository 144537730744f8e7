"""Compaction of long chats: what no longer fits the model is summed up once, and the summary is kept in the answer.

The last turns stay whole. A summary's numbers are sources of the answers it sums up, which stay where they are, so each
can still be opened. While no summary can be had, the oldest messages are left out instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pipelines.answering.citations import Handles, renumbered
from pipelines.answering.events import Summarised
from pipelines.answering.model import ChatModel
from pipelines.answering.summaries import summarise
from pipelines.core.records import Hit, Person
from serving.database import Connection, ServingDatabase, rows
from serving.limits import Limits

KEPT_TURNS = 4
"""Last turns that stay whole, as far as they fill no more than half of what the model is shown."""

FETCHED = 3
"""So many times the messages that a model is shown are looked through for the last summary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An earlier message. `summary`: the data of the `data-summary` part that it holds; None: it holds none."""

    key: UUID
    role: str
    content: str
    depth: int
    summary: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What was said before a question: a summary of the older part (None: there is none), the rest oldest first."""

    summary: dict[str, Any] | None = None
    messages: tuple[Said, ...] = ()

    @classmethod
    def of(cls, messages: Sequence[Said]) -> "History":
        """From the messages of a branch, oldest first: the last summary, and what followed what it sums up."""
        summary = next((each.summary for each in reversed(messages) if each.summary is not None), None)
        if summary is None:
            return cls(messages=tuple(messages))
        keys = [str(each.key) for each in messages]
        start = keys.index(summary["upto"]) + 1 if summary["upto"] in keys else 0
        return cls(summary=summary, messages=tuple(messages[start:]))

    def words(self, limits: Limits) -> list[tuple[str, str]]:
        """The last (role, words), oldest first."""
        return [(each.role, each.content) for each in self.messages[-limits.history_messages :]]

    def too_long(self, limits: Limits) -> bool:
        """Whether a model can no longer be shown all of it."""
        chars = sum(len(each.content) for each in self.messages)
        return len(self.messages) > limits.history_messages or chars > limits.answer.history_chars

    def split(self, limits: Limits) -> tuple[tuple[Said, ...], tuple[Said, ...]]:
        """(what is to be summed up, what stays whole, which begins with a question)."""
        kept, room = len(self.messages), limits.answer.history_chars // 2
        asked = [at for at, each in enumerate(self.messages) if each.role == "user"]
        for at in reversed(asked[-KEPT_TURNS:]):
            room -= sum(len(each.content) for each in self.messages[at:kept])
            if room < 0:
                break
            kept = at
        return self.messages[:kept], self.messages[kept:]


async def read_history(
    connection: Connection, parent_key: UUID | None, limits: Limits, *, user_id: UUID, client_id: str
) -> History:
    """What the branch that ends in this message holds, as far back as a model may need it.

    Args:
        parent_key: None: the newest message shown of the person's chat of this id.
    """
    asked = {"from_key": parent_key, "user_id": user_id, "client_id": client_id}
    found = await rows(connection, "list_history", **asked, limit=FETCHED * limits.history_messages)
    return History.of([Said(**each) for each in reversed(found)])


async def compact(
    database: ServingDatabase, person: Person, model: ChatModel, history: History, *, course: str, limits: Limits
) -> tuple[Summarised, History]:
    """Sum up the older part of a history that is too long; what came of it, and the history that is left.

    Raises:
        StudyBuddyError: there is no summary now.
    """
    older, kept = history.split(limits)
    async with database.transaction(as_person=person) as connection:
        cited = await _cited(connection, history.summary, older)
    told = [(each.role, renumbered(each.content, cited.numbers.get(str(each.key), {}))) for each in older]
    before = renumbered(history.summary["text"], cited.numbers.get("", {})) if history.summary else None
    text, numbers = await summarise(model, told, course=course, before=before, handles=cited.handles)
    event = Summarised(text=text, upto=older[-1].key, sources={number: cited.ids[number] for number in numbers})
    return event, History(summary=data_of(event), messages=kept)


def data_of(event: Summarised) -> dict[str, Any]:
    """The data of the part that keeps a summary."""
    sources = [{"handle": number, "sourceId": str(source)} for number, source in event.sources.items()]
    return {"text": event.text, "upto": str(event.upto), "sources": sources}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cited:
    """Passages that messages cite, each under one number of its own.

    `ids`: the kept source of a number. `numbers`: by message, what its own numbers are here; "" is the last summary.
    """

    handles: Handles
    ids: dict[int, UUID]
    numbers: dict[str, dict[int, int]]


async def _cited(connection: Connection, summary: dict[str, Any] | None, messages: Sequence[Said]) -> _Cited:
    before = {UUID(each["sourceId"]): each["handle"] for each in summary["sources"]} if summary else {}
    keys = [each.key for each in messages]
    cited = _Cited(handles=Handles(), ids={}, numbers={})
    for each in await rows(connection, "list_cited", message_keys=keys, source_ids=list(before)):
        ((number, _),) = cited.handles.add([_hit(each)])
        cited.ids.setdefault(number, each["id"])
        if each["id"] in before:
            cited.numbers.setdefault("", {})[before[each["id"]]] = number
        if each["message_key"] in keys:
            cited.numbers.setdefault(str(each["message_key"]), {})[each["handle"]] = number
    return cited


def _hit(source: dict[str, Any]) -> Hit:
    """A kept source as a hit again: what it was found by is not known any more."""
    names = ("chunk_id", "kind", "source_id", "title", "file_name", "page", "page_label", "start_ms", "end_ms")
    return Hit(
        rank=1,
        score=0.0,
        text=source["quote"],
        pages=(source["page"],) if source["page"] is not None else (),
        dense_rank=None,
        lexical_rank=None,
        **{name: source[name] for name in names},
    )
