"""Sessions of the former chat: one row of `ai.agno_sessions` as a chat with its questions and answers.

Agno (2.3.4 and before) stores a turn as a run with all its messages, and copies up to ten earlier runs into each of
them. One run gives one question and one answer here; what a run repeats is read where it stood first.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pipelines.adoption.former.records import Chat, Image, Message, Note, Reason, Session, Status, ToolUse
from pipelines.adoption.former.shapes import (
    arguments_of,
    object_of,
    objects_of,
    text_of,
    time_of,
    uuid_of,
    word_of,
)

STATUSES: dict[str, Status] = {
    "COMPLETED": "done",
    "CANCELLED": "stopped",
    "PAUSED": "stopped",
    "ERROR": "error",
    "RUNNING": "interrupted",
    "PENDING": "interrupted",
}

ROLES = ("user", "assistant", "system", "tool")
READ_ALONE = ("COMPLETED", "CANCELLED")
"""Runs whose `content` is an answer's text where no message holds it; of others it is an error or not the model's."""

REFERENCES, REFERENCES_END = "\n\n<references>\n", "\n</references>"
EVENT = "CustomEvent("
"""How the result of a tool begins that kept nothing but the repr of an event."""


def read_session(row: Mapping[str, Any]) -> Session:
    """Read one row.

    Args:
        row: columns `session_id`, `session_type`, `user_id`, `session_data`, `runs`, `summary`, `created_at`,
            `updated_at`; JSON columns as `json` gives them. Any other value than the expected one is borne.
    """
    session_id = text_of(row.get("session_id"))
    owner, reason = uuid_of(row.get("user_id")), None
    if row.get("session_type") != "agent":
        reason = Reason.NOT_A_CHAT
    elif word_of(row.get("user_id")) is None and owner is None:
        reason = Reason.NO_OWNER
    elif owner is None:
        reason = Reason.OWNER_IS_NO_ID
    reader = _Reader(str(owner) if owner is not None else None)
    reader.read(row.get("runs"))
    if reason is not None or owner is None:
        return Session(session_id=session_id, chat=None, reason=reason, others=frozenset(reader.seen))
    data = object_of(row.get("session_data"))
    chat = Chat(
        session_id=session_id,
        owner=owner,
        title=text_of(data.get("session_name")),
        course=uuid_of(object_of(data.get("session_state")).get("course_id")),
        created_at=time_of(row.get("created_at")),
        updated_at=time_of(row.get("updated_at")),
        messages=tuple(reader.messages),
        summary=text_of(object_of(row.get("summary")).get("summary")),
    )
    steps = {step for message in chat.messages if message.role == "assistant" for step in message.step_ids}
    return Session(session_id=session_id, chat=chat, others=frozenset(reader.seen - steps), notes={**reader.notes})


class _Reader:
    """Reads the runs of one session in order; `seen` are the ids of all messages so far."""

    def __init__(self, owner: str | None) -> None:
        self._owner = owner
        self._runs: set[str] = set()
        self.seen: set[str] = set()
        self.messages: list[Message] = []
        self.notes: Counter[Note] = Counter()

    def read(self, runs: Any) -> None:
        found, passed_over = objects_of(runs)
        self._count(Note.NOT_READABLE, passed_over)
        for run in found:
            run_id = word_of(run.get("run_id"))
            if run_id is not None and run_id in self._runs:
                self._count(Note.REPEATED_RUN, 1)
                continue
            if run_id is not None:
                self._runs.add(run_id)
            self._read_run(run, run_id)

    def _read_run(self, run: Mapping[str, Any], run_id: str | None) -> None:
        stored, passed_over = objects_of(run.get("messages"))
        self._count(Note.NOT_READABLE, passed_over)
        own = [each for each in stored if not each.get("from_history") and word_of(each.get("id")) not in self.seen]
        self._count(Note.OTHER_ROLE, sum(each.get("role") not in ROLES for each in own))
        self.seen.update(found for each in stored if (found := word_of(each.get("id"))) is not None)
        at = time_of(run.get("created_at"))
        self.messages.append(self._question(run, run_id, [each for each in own if each.get("role") == "user"], at))
        self.messages.append(_answer(run, run_id, own, at, kept=bool(stored)))

    def _question(
        self, run: Mapping[str, Any], run_id: str | None, asked: Sequence[Mapping[str, Any]], at: datetime | None
    ) -> Message:
        given = object_of(run.get("input"))
        text = "\n\n".join(filter(None, (text_of(each.get("content")) for each in asked)))
        if not asked:
            text = text_of(given.get("input_content")) if given else text_of(run.get("input"))
        freed = _without_references(text)
        self._count(Note.REFERENCES_REMOVED, int(freed != text))
        by = word_of(run.get("user_id"))
        other = by if by is not None and by.lower() != self._owner else None
        self._count(Note.ASKED_BY_ANOTHER, int(other is not None))
        images = [image for each in asked for image in _images(each.get("images"))] or _images(given.get("images"))
        last: Mapping[str, Any] = asked[-1] if asked else {}
        return Message(
            id=word_of(last.get("id")),
            run_id=run_id,
            role="user",
            text=freed,
            status="done",
            at=time_of(last.get("created_at")) or at,
            images=tuple(images),
            asked_by=other,
        )

    def _count(self, note: Note, number: int) -> None:
        if number:
            self.notes[note] += number


def _answer(
    run: Mapping[str, Any], run_id: str | None, own: Sequence[Mapping[str, Any]], at: datetime | None, *, kept: bool
) -> Message:
    """The answer of a run; `kept`: whether its messages were stored."""
    said = str(run.get("status") or "COMPLETED").upper()
    steps = [each for each in own if each.get("role") == "assistant"]
    texts = [text for each in steps if (text := text_of(each.get("content")))]
    if not steps and said in READ_ALONE:
        content = text_of(run.get("content"))
        texts = [content] if content and content != f"Run {run_id} was cancelled" else []
    reasoning = [text for each in steps if (text := text_of(each.get("reasoning_content")))]
    last: Mapping[str, Any] = steps[-1] if steps else {}
    return Message(
        id=word_of(last.get("id")),
        run_id=run_id,
        role="assistant",
        text="\n\n".join(texts),
        status=STATUSES.get(said, "interrupted"),
        at=time_of(last.get("created_at")) or at,
        steps=tuple(texts),
        step_ids=tuple(found for each in steps if (found := word_of(each.get("id"))) is not None),
        model=word_of(run.get("model")),
        reasoning="\n\n".join(reasoning) or text_of(run.get("reasoning_content")),
        tools=tuple(_tools(steps, own) if kept else _tools_of_run(run.get("tools"))),
    )


def _tools(steps: Sequence[Mapping[str, Any]], own: Sequence[Mapping[str, Any]]) -> list[ToolUse]:
    results = {
        called: each for each in own if each.get("role") == "tool" and (called := word_of(each.get("tool_call_id")))
    }
    found = []
    for step in steps:
        for call in objects_of(step.get("tool_calls"))[0]:
            function, call_id = object_of(call.get("function")), word_of(call.get("id"))
            result = results.get(call_id or "", {})
            found.append(
                ToolUse(
                    id=call_id,
                    name=text_of(function.get("name")),
                    arguments=arguments_of(function.get("arguments")),
                    result=_result(result.get("content")),
                    failed=result.get("tool_call_error") is True,
                )
            )
    return found


def _tools_of_run(tools: Any) -> list[ToolUse]:
    return [
        ToolUse(
            id=word_of(tool.get("tool_call_id")),
            name=text_of(tool.get("tool_name")),
            arguments=arguments_of(tool.get("tool_args")),
            result=_result(tool.get("result")),
            failed=tool.get("tool_call_error") is True,
        )
        for tool in objects_of(tools)[0]
    ]


def _result(content: Any) -> str | None:
    text = text_of(content)
    return text if text and not text.startswith(EVENT) else None


def _images(images: Any) -> list[Image]:
    return [
        Image(
            media_type=word_of(each.get("mime_type")) or "image/png",
            data=word_of(each.get("content")),
            url=word_of(each.get("url")),
        )
        for each in objects_of(images)[0]
    ]


def _without_references(question: str) -> str:
    """The question alone: in its first days the backend put the passages it had found behind it."""
    if not question.rstrip().endswith(REFERENCES_END):
        return question
    found = question.find(REFERENCES)
    return question[:found] if found >= 0 else question
