"""Chats of the former agent framework: one row of JSON with every turn's messages becomes questions and answers, once.

Pure. Each run repeats the runs before it as history; what was said once is kept once. Shapes nobody expects are passed
over and counted, so that one row never fails the rest.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pipelines.adoption.parts import answer_parts, question_parts
from pipelines.adoption.records import Said, Status
from pipelines.adoption.values import CLIENT_ID, as_seconds, as_text, as_uuid, content_text, made_id

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STATUS: Mapping[str, Status] = {
    "COMPLETED": "done", "CANCELLED": "stopped", "PAUSED": "stopped", "ERROR": "error", "RUNNING": "interrupted",
    "PENDING": "interrupted",
}  # fmt: skip
_ROLES = ("system", "user", "assistant", "tool")
_REFERENCES, _REFERENCES_END = "\n\n<references>\n", "\n</references>"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableChat:
    """A row of `ai.agno_sessions` whose JSON cannot be read."""

    session_id: str
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerChat:
    """A row of `ai.agno_sessions`, its JSON read."""

    session_id: str
    session_type: str | None
    user_id: str | None
    session_data: Any
    runs: Any
    created_at: Any
    updated_at: Any
    version: int | None = None


@dataclass(slots=True, kw_only=True)
class Unfolded:
    """What a chat says: its messages, which message ids are steps of which answer, ids that are no answer's, and what
    is worth a line in the report."""

    messages: list[Said] = field(default_factory=list)
    steps: dict[str, UUID] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)
    noted: Counter[str] = field(default_factory=Counter)


def why_left_out(chat: FormerChat) -> str | None:
    """Why a row is no chat of a person; None: it is one."""
    if chat.session_type != "agent":
        return "not a chat"
    if not chat.user_id:
        return "no owner"
    return None if as_uuid(chat.user_id) else "owner is not an id"


def title_of(chat: FormerChat) -> str:
    """The chat's title as it is; empty: it has none."""
    return as_text(_get(chat.session_data, "session_name")) or ""


def course_of(chat: FormerChat) -> UUID | None:
    """The course that the chat names; None: none, or no id."""
    return as_uuid(_get(_get(chat.session_data, "session_state"), "course_id"))


def times_of(chat: FormerChat) -> tuple[datetime, datetime]:
    """When it was begun and last used."""
    began, used = as_seconds(chat.created_at), as_seconds(chat.updated_at)
    return began or used or EPOCH, used or began or EPOCH


def client_id_of(session_id: str) -> str:
    """What the chat is called in addresses: as there, where it can be."""
    return session_id if CLIENT_ID.fullmatch(session_id) else made_id("session", session_id).hex


def unfold(chat: FormerChat) -> Unfolded:
    """The questions and answers of a chat, in the order of its runs."""
    found, seen, runs = Unfolded(), set[str](), set[str]()
    for nth, run in enumerate(_objects(chat.runs, "runs", found.noted)):
        turn = _Turn(run, f"{chat.session_id}/{nth}", seen, found.noted)
        run_id = as_text(run.get("run_id"))
        if run_id and run_id in runs and not turn.says_something:
            found.noted["runs stored twice, read once"] += 1
            continue
        runs.add(run_id or "")
        by = as_text(run.get("user_id"))
        asked_by = {"askedBy": by} if by and by.lower() != (chat.user_id or "").lower() else {}
        found.noted["questions by another person than the chat's owner"] += bool(asked_by)
        question, answer = turn.question(asked_by, times_of(chat)[0]), turn.answer(times_of(chat)[0])
        found.messages += [question, answer]
        found.steps |= dict.fromkeys(turn.answer_ids, answer.key)
        found.others |= turn.other_ids
    found.others -= found.steps.keys()
    return found


class _Turn:
    """One run: what was asked and what was answered in it."""

    def __init__(self, run: Mapping[str, Any], place: str, seen: set[str], noted: Counter[str]) -> None:
        self._run, self._place, self._noted = run, place, noted
        self._messages: list[Mapping[str, Any]] = []
        new = set[str]()
        for message in _objects(run.get("messages"), "messages", noted):
            key, role = as_text(message.get("id")), message.get("role")
            if message.get("from_history") is True or key in seen:
                continue
            if role not in _ROLES:
                noted["messages of an unknown role"] += 1
                continue
            if key is not None:
                new.add(key)
            self._messages.append(message)
        seen |= new
        self._asked = [message for message in self._messages if message["role"] == "user"]
        self._steps = [message for message in self._messages if message["role"] == "assistant"]
        self.answer_ids = [key for step in self._steps if (key := as_text(step.get("id")))]
        self.other_ids = {
            key for message in self._messages if message["role"] != "assistant" and (key := as_text(message.get("id")))
        }

    @property
    def says_something(self) -> bool:
        """Whether it has messages of its own."""
        return bool(self._messages)

    def question(self, metadata: Mapping[str, Any], otherwise: datetime) -> Said:
        """What was asked."""
        given = self._run.get("input")
        if self._asked:
            text = "\n\n".join(filter(None, (content_text(each.get("content")) for each in self._asked)))
            images: Sequence[Any] = [image for each in self._asked for image in _list(each.get("images"))]
        else:
            text = content_text(given.get("input_content") if isinstance(given, Mapping) else given)
            images = _list(_get(given, "images"))
        freed = without_references(text)
        self._noted["questions freed from injected references"] += freed != text
        last = as_text(self._asked[-1].get("id")) if self._asked else None
        parts = question_parts(freed, images, self._noted)
        return self._said("user", last, "done", freed, parts, metadata, self._asked, otherwise)

    def answer(self, otherwise: datetime) -> Said:
        """What was answered: the words of its steps."""
        run = self._run
        status = _status(run.get("status"))
        texts = [content_text(step.get("content")) for step in self._steps] or [self._content_of_run()]
        last = as_text(self._steps[-1].get("id")) if self._steps else None
        results = [message for message in self._messages if message["role"] == "tool"]
        parts = answer_parts(run, self._steps, texts, results)
        text = "\n\n".join(filter(None, texts))
        metadata = {"model": as_text(run.get("model")) or "unknown", "adopted": True}
        return self._said("assistant", last, status, text, parts, metadata, self._steps, otherwise)

    def _content_of_run(self) -> str:
        """What a run without messages says; not what the library says in its place."""
        status, content = str(self._run.get("status")).upper(), content_text(self._run.get("content"))
        if status == "COMPLETED" or status not in _STATUS:
            return content
        return "" if status != "CANCELLED" or content == f"Run {self._run.get('run_id')} was cancelled" else content

    def _said(  # noqa: PLR0917
        self, role: Any, key: str | None, status: Status, text: str, parts: Sequence[Any], metadata: Mapping[str, Any],
        messages: Sequence[Mapping[str, Any]], otherwise: datetime,
    ) -> Said:  # fmt: skip
        at = as_seconds(messages[-1].get("created_at")) if messages else None
        made = made_id("message", f"{self._place}/{role}")
        return Said(
            key=made,
            id=key if key is not None and CLIENT_ID.fullmatch(key) else made.hex,
            role=role,
            status=status,
            text=text,
            parts=tuple(parts),
            metadata=metadata,
            created_at=at or as_seconds(self._run.get("created_at")) or otherwise,
        )


def without_references(question: str) -> str:
    """A question without the passages that an early version of the backend put behind it."""
    if not question.endswith(_REFERENCES_END):
        return question
    words, mark, _ = question.rpartition(_REFERENCES)
    return words if mark else question


def _status(value: object) -> Status:
    return _STATUS.get(str(value).upper(), "done")


def _objects(value: object, what: str, noted: Counter[str]) -> list[Mapping[str, Any]]:
    """The objects of a list; what is none is passed over and counted."""
    if value is None:
        return []
    if not isinstance(value, list):
        noted[f"{what} that are no list"] += 1
        return []
    found = [each for each in value if isinstance(each, Mapping)]
    noted[f"entries of {what} that are no object"] += len(value) - len(found)
    return found


def _get(value: object, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
