"""Answers as clients of OpenAI's interface read them: whole, or in chunks; sources as annotations and as a list.

Belongs here: the shapes of that interface, made from the events of the answer loop. Calls of the model to our search
stay here: a client would try to carry them out.
"""

import re
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Literal

from pydantic_core import to_json

from pipelines.answering.events import Event, Source, Text
from pipelines.answering.quoting import where
from pipelines.answering.turn import Turn
from pipelines.core.errors import CapBusyError, CapReachedError, KeyMissingError
from pipelines.core.records import Hit
from serving.chat.parts import clean
from serving.chat.turns import Asked
from serving.log import log
from serving.problems import PROBLEMS, ProblemError, code_of, error_json
from serving.programs.places import hit_url
from serving.schemas.completions import (
    Annotation,
    CompletionChoice,
    CompletionIn,
    CompletionMessage,
    CompletionMessageIn,
    CompletionOut,
    CompletionUsage,
    UrlCitation,
)

PING = b": ping\n\n"
DONE = b"data: [DONE]\n\n"
SOURCES = "\n\nSources:\n\n"
_LISTED = re.compile(r"\n\nSources:\n\n- \[\d+\] \[.*\Z", re.DOTALL)
_MARKUP = re.compile(r"([\\`*_\[\]<>&])")

Finished = Literal["stop", "length", "content_filter"]
_FINISHED: dict[str, Finished] = {"length": "length", "tool-calls": "length", "content-filter": "content_filter"}


def read_question(asked: CompletionIn) -> tuple[str, list[tuple[str, str]]]:
    """The last question of a request, and the (role, words) before it.

    Raises:
        ProblemError: `question_missing`; `attachments_unsupported`; `unsupported`: what would change the answer, and
            is not done here.
    """
    wanted = {
        "n": asked.n not in (None, 1),
        "tools": bool(asked.tools),
        "functions": bool(asked.functions),
        "response_format": (asked.response_format or {}).get("type", "text") != "text",
        "modalities": set(asked.modalities or ()) - {"text"} != set(),
        "logprobs": bool(asked.logprobs),
    }
    for field, unsupported in wanted.items():
        if unsupported:
            raise ProblemError("unsupported", field=field)
    said: list[tuple[str, str]] = [
        (each.role, _words(each)) for each in asked.messages if each.role in ("user", "assistant")
    ]
    last = next((at for at in reversed(range(len(said))) if said[at][0] == "user"), None)
    if last is None:
        raise ProblemError("question_missing", field="messages")
    return said[last][1], said[:last]


def _words(message: CompletionMessageIn) -> str:
    content = message.content or ""
    if isinstance(content, list):
        if message.role == "user" and any(part.type != "text" for part in content):
            raise ProblemError("attachments_unsupported", field="messages")
        content = "\n".join(part.text for part in content if part.text)
    return _LISTED.sub("", content) if message.role == "assistant" else content  # our own list of an earlier answer


class Completion:
    """One answer on its way to a client. `page`: where browsers reach the page; `model`: what the client called it."""

    def __init__(self, asked: Asked, turn: Turn, *, model: str, page: str) -> None:
        self._asked, self._turn, self._page = asked, turn, page
        self._pieces: list[str] = []
        self._sources: dict[int, Hit] = {}
        self._notice: str | None = None
        self._head = {"id": f"chatcmpl-{asked.run_id.hex}", "created": int(time.time()), "model": model}

    async def whole(self, events: AsyncGenerator[Event | None]) -> CompletionOut:
        """The answer, when it is whole.

        Raises:
            ProblemError, StudyBuddyError: it is not, and never will be.
        """
        try:
            async with aclosing(events):
                async for event in events:
                    self._take(event)
        except Exception as error:
            self._pieces.append(self._instead(error))
        content = "".join([*self._pieces, self._list()])
        message = CompletionMessage(content=content, annotations=self._annotations())
        choice = CompletionChoice(message=message, finish_reason=self._finished())
        return CompletionOut(**self._head, choices=[choice], usage=self._usage(), notice=self._notice)

    async def stream(self, events: AsyncGenerator[Event | None], *, include_usage: bool) -> AsyncGenerator[bytes]:
        """The answer in chunks, as server-sent events; a failure on the way is an `error` in the last one."""
        yield self._chunk({"role": "assistant", "content": ""})
        try:
            async with aclosing(events):
                async for event in events:
                    if words := self._take(event):
                        yield self._chunk({"content": words})
                    elif event is None:
                        yield PING
            instead = ""
        except Exception as error:
            try:
                instead = self._instead(error)
            except Exception:
                yield b"data: " + error_json(code_of(error), openai=True).encode() + b"\n\n" + DONE
                return
        if ending := instead + self._list():
            yield self._chunk({"content": ending})
        if annotations := self._annotations():
            yield self._chunk({"annotations": [each.model_dump() for each in annotations]})
        yield self._chunk({}, finish_reason=self._finished())
        if include_usage:
            yield self._event({"choices": [], "usage": self._usage().model_dump(exclude_none=True)})
        yield DONE

    def _take(self, event: Event | None) -> str:
        """Keep what an event tells; the words that it says."""
        if isinstance(event, Source):
            self._sources[event.number] = event.hit
        if not isinstance(event, Text):
            return ""
        words = clean(event.text)
        self._pieces.append(words)
        return words

    def _instead(self, error: Exception) -> str:
        """What is said at the end of passages that were quoted because nobody pays for a model.

        Raises:
            Exception: the error, where it ended the answer otherwise.
        """
        code = code_of(error)
        if not (self._turn.quoted and isinstance(error, KeyMissingError | CapReachedError | CapBusyError)):
            log("completion_failed", run=str(self._asked.run_id), code=code, error=type(error).__name__)
            raise error
        self._notice = code
        return f"\n\n{PROBLEMS[code].message}\n{self._page}/settings"

    def _list(self) -> str:
        """The sources as Markdown, for clients that show nothing else; empty where nothing is cited."""
        lines = [f"- [{number}] [{_plain(where(hit))}]({self._url(hit)})" for number, hit in self._sources.items()]
        return SOURCES + "\n".join(lines) if lines else ""

    def _annotations(self) -> list[Annotation]:
        text, found = "".join(self._pieces), []
        for number, hit in self._sources.items():
            handle = f"[{number}]"
            at = max(0, text.find(handle))
            cited = UrlCitation(start_index=at, end_index=at + len(handle), title=clean(where(hit)), url=self._url(hit))
            found.append(Annotation(url_citation=cited))
        return found

    def _url(self, hit: Hit) -> str:
        return hit_url(self._page, self._asked.course.id, hit)

    def _usage(self) -> CompletionUsage:
        used = self._turn.usage
        prompt, completion = int(used.get("inputTokens", 0)), int(used.get("outputTokens", 0))
        total = int(used.get("totalTokens", prompt + completion))
        return CompletionUsage(
            prompt_tokens=prompt, completion_tokens=completion, total_tokens=total, cost=used.get("cost")
        )

    def _finished(self) -> Finished:
        return _FINISHED.get(self._turn.finish_reason, "stop")

    def _chunk(self, delta: dict[str, Any], *, finish_reason: str | None = None) -> bytes:
        notice = {"notice": self._notice} if self._notice else {}
        return self._event({"choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}], **notice})

    def _event(self, more: dict[str, Any]) -> bytes:
        return b"data: " + to_json({**self._head, "object": "chat.completion.chunk", **more}) + b"\n\n"


def _plain(text: str) -> str:
    """A text on one line that Markdown shows as it is."""
    return _MARKUP.sub(r"\\\1", " ".join(clean(text).split()))
