"""The provider's chunks read into deltas: every server's way of saying text, thinking, calls, usage, errors and ends.

Belongs here: shapes. Each server that calls itself OpenAI-compatible has its own; a chunk is read leniently, and one
that cannot be read is a fault with a name. Sources: the OpenAI streaming format, OpenRouter's guides, and reports
against Mistral, Ollama, llama.cpp, vLLM, SGLang, LiteLLM, Gemini, DeepSeek and GLM.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pipelines.answering.events import FinishReason
from pipelines.answering.thoughts import ThoughtSplitter
from pipelines.core.errors import ProviderRefusedError, ProviderUnavailableError, StudyBuddyError
from pipelines.core.models.provider_faults import fault, garbage

_REASONS: dict[FinishReason, tuple[str, ...]] = {
    "stop": ("stop", "eos", "eos_token", "end_turn", "stop_sequence", "end", "complete", "completed", "finished"),
    "length": ("length", "max_tokens", "max_output_tokens", "max_length", "model_length"),
    "tool-calls": ("tool_calls", "tool_call", "tool_use", "function_call"),
    "content-filter": (
        "content_filter", "content_filtered", "safety", "recitation", "blocklist", "prohibited_content", "spii",
        "sensitive", "refusal", "guardrail_intervened",
    ),
}  # fmt: skip
_FINISH = {word: reason for reason, words in _REASONS.items() for word in words}
_CUT = ("abort", "aborted", "cancel", "cancelled", "canceled", "network_error")
_FAILED = ("error", "insufficient_system_resource", "overloaded")
_THINKING = ("reasoning", "reasoning_content", "thinking", "thought", "reasoning_text")
_THINKING_PARTS = ("thinking", "reasoning", "reasoning_text", "thought")


@dataclass(slots=True)
class ToolPiece:
    """Part of a tool call. `index` says which, None where the server does not; texts are empty where nothing came."""

    index: int | None = None
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(slots=True)
class Delta:
    """What one network read brought. Empty texts and None mean nothing of the kind."""

    text: str = ""
    reasoning: str = ""
    reasoning_details: list[Any] = field(default_factory=list)
    tools: list[ToolPiece] = field(default_factory=list)
    finish_reason: FinishReason | None = None
    usage: dict[str, Any] | None = None
    model: str | None = None


class ChunkReader:
    """Reads one model call. `finished`: the server said that it was the end; `spoke`: it said anything before."""

    def __init__(self, model: str, thoughts: ThoughtSplitter) -> None:
        self._model = model
        self._thoughts = thoughts
        self.finished = False
        self.spoke = False
        self.separate_thinking = False

    def lines(self, lines: Iterable[bytes]) -> Iterator[Delta]:
        """These lines of an event stream as one delta, none when they hold comments and blanks only.

        Raises:
            StudyBuddyError: the server told a fault, or nonsense; what came before it is given first.
        """
        delta: Delta | None = None
        texts: list[str] = []
        failed: StudyBuddyError | None = None
        for line in lines:
            if not line.startswith(b"data:"):
                continue
            data = line[5:].strip()
            if not data:
                continue
            if data == b"[DONE]":
                self.finished = True
                continue
            delta = delta or Delta()
            try:
                self._add(self._parsed(data), delta, texts)
            except StudyBuddyError as error:
                failed = error
                break
        if delta is not None:
            self._split(delta, "".join(texts))
            yield delta
        if failed is not None:
            raise failed

    def whole(self, body: bytes) -> Iterator[Delta]:
        """A whole answer that came as one JSON object.

        Raises:
            StudyBuddyError: as `lines`.
        """
        delta, texts = Delta(), list[str]()
        self._add(self._parsed(body), delta, texts)
        self.finished = True
        self._split(delta, "".join(texts))
        yield delta

    def flush(self) -> Iterator[Delta]:
        """What was held back, at the end."""
        thought, text = self._thoughts.flush()
        if thought or text:
            self.spoke = True
            yield Delta(text=text, reasoning=thought)

    def _parsed(self, data: bytes) -> dict[str, Any]:
        try:
            chunk = json.loads(data.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            chunk = None
        if not isinstance(chunk, dict):
            raise garbage(self._model)
        return chunk

    def _split(self, delta: Delta, text: str) -> None:
        """Put the texts into the delta, thinking apart."""
        released = ""
        if delta.reasoning or delta.tools:  # thinking has a field of its own, or is over
            self.separate_thinking = self.separate_thinking or bool(delta.reasoning)
            released = self._thoughts.release()
        if text:
            thought, text = self._thoughts.feed(text)
            delta.reasoning += thought
        delta.text = released + text
        self.spoke = self.spoke or bool(delta.text.strip() or delta.reasoning or delta.tools)

    def _add(self, chunk: dict[str, Any], delta: Delta, texts: list[str]) -> None:
        choices = chunk.get("choices")
        if error := _error_in(chunk, has_choices=bool(choices)):
            raise self._fault(error)
        if isinstance(usage := chunk.get("usage"), dict):
            delta.usage = usage
        if isinstance(model := chunk.get("model"), str):
            delta.model = model
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(choice, dict):
            return
        said = choice.get("delta")
        if not isinstance(said, dict):
            said = choice.get("message")
        if isinstance(said, dict):
            self._say(said, delta, texts)
        reason = choice.get("finish_reason")
        if isinstance(reason, str) and reason:
            self._finish(reason, delta)

    @staticmethod
    def _say(said: dict[str, Any], delta: Delta, texts: list[str]) -> None:
        content = said.get("content")
        if isinstance(content, str):
            texts.append(content)
        elif content:
            thought, text = _parts(content)
            delta.reasoning += thought
            texts.append(text)
        if isinstance(refusal := said.get("refusal"), str):
            texts.append(refusal)
        delta.reasoning += next((words for name in _THINKING if (words := _words(said.get(name)))), "")
        if isinstance(details := said.get("reasoning_details"), list):
            delta.reasoning_details += details
        calls = said.get("tool_calls")
        for call in [calls] if isinstance(calls, dict) else calls if isinstance(calls, list) else ():
            if isinstance(call, dict):
                delta.tools.append(_tool_piece(call))

    def _finish(self, reason: str, delta: Delta) -> None:
        word = reason.lower().replace("-", "_")
        if word in _FAILED:
            raise self._fault(None)
        if word in _CUT:
            raise cut(self._model)
        self.finished = True
        delta.finish_reason = _FINISH.get(word, "other")

    def _fault(self, error: object) -> StudyBuddyError:
        """A fault told inside the stream; its number may be an HTTP status, text, or missing."""
        code = error.get("code", error.get("status")) if isinstance(error, dict) else None
        status = int(code) if isinstance(code, int) or (isinstance(code, str) and code.isdigit()) else 502
        found = fault(self._model, status, error)
        if "context_length" in json.dumps(error, default=str):
            return ProviderRefusedError(found.message, code="context_too_long")
        return found


def cut(model: str) -> ProviderUnavailableError:
    """The stream ended before the answer did."""
    return ProviderUnavailableError(f"{model}: the provider's stream broke off.", code="stream_cut")


def _error_in(chunk: dict[str, Any], *, has_choices: bool) -> object:
    """The fault a chunk tells, in any of the shapes there are; None when it tells none."""
    if error := chunk.get("error"):
        return error
    if has_choices:
        return None
    return chunk if "error" in (chunk.get("object"), chunk.get("type")) or chunk.get("detail") else None


def _parts(content: object) -> tuple[str, str]:
    """(thinking, text) of content that is a list of parts, or a single one."""
    thoughts: list[str] = []
    texts: list[str] = []
    for part in content if isinstance(content, list) else [content]:
        kind = part.get("type") if isinstance(part, dict) else None
        (thoughts if kind in _THINKING_PARTS else texts).append(_words(part))
    return "".join(thoughts), "".join(texts)


def _words(value: object) -> str:
    """The words in a text, a list of parts or a part, however deep they lie."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(_words(item) for item in value)
    if isinstance(value, dict):
        return next((words for name in ("text", "content", *_THINKING) if (words := _words(value.get(name)))), "")
    return ""


def _tool_piece(call: dict[str, Any]) -> ToolPiece:
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    index, arguments = call.get("index"), function.get("arguments")
    if arguments and not isinstance(arguments, str):
        arguments = json.dumps(arguments, ensure_ascii=False)  # Ollama and llama.cpp send the object itself
    return ToolPiece(
        index=int(index) if isinstance(index, int) or (isinstance(index, str) and index.isdigit()) else None,
        id=str(call.get("id") or ""),
        name=str(function.get("name") or ""),
        arguments=str(arguments or ""),
    )
