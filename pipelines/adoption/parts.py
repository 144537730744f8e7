"""Parts of adopted messages, as a page keeps them: words, thoughts, calls of tools with their results, pictures."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipelines.adoption.values import arguments_of, as_text, content_text

Row = Mapping[str, Any]
Part = dict[str, Any]

_MEDIA_TYPE = re.compile(r"image/[a-z0-9.+-]{1,40}", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_EVENT = "CustomEvent("
_TOOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def question_parts(text: str, images: Sequence[Any], noted: Counter[str]) -> list[Part]:
    """A question: its words, and the pictures that came with it."""
    pictures = [part for image in images if (part := _picture(image))]
    noted["pictures that cannot be shown"] += len(images) - len(pictures)
    return [*([{"type": "text", "text": text}] if text else []), *pictures]


def answer_parts(run: Row, steps: Sequence[Row], texts: Sequence[str], results: Sequence[Row]) -> list[Part]:
    """An answer step by step, as it was written."""
    if not steps:
        called = run.get("tools")
        tools = [
            _tool_of_run(tool) for tool in (called if isinstance(called, list) else ()) if isinstance(tool, Mapping)
        ]
        return [*_thought(run), *tools, *_words(texts[0])]
    told = {key: result for result in results if (key := as_text(result.get("tool_call_id")))}
    return [part for step, text in zip(steps, texts, strict=True) for part in _step(step, text, told)]


def _step(step: Mapping[str, Any], text: str, told: Mapping[str, Mapping[str, Any]]) -> Iterator[Part]:
    yield {"type": "step-start"}
    yield from _thought(step)
    yield from _words(text)
    calls = step.get("tool_calls")
    for call in calls if isinstance(calls, list) else ():
        if isinstance(call, Mapping):
            function = call.get("function")
            named = function if isinstance(function, Mapping) else call
            key = as_text(call.get("id")) or ""
            result = told.get(key)
            failed = bool(result and result.get("tool_call_error"))
            output = _output(result.get("content")) if result else None
            yield _tool(key, as_text(named.get("name")), arguments_of(named.get("arguments")), output, failed)


def _tool_of_run(tool: Mapping[str, Any]) -> Part:
    output = tool.get("result")
    return _tool(
        as_text(tool.get("tool_call_id")) or "",
        as_text(tool.get("tool_name")),
        tool.get("tool_args"),
        _output(output) if output is not None else None,
        bool(tool.get("tool_call_error")),
    )


def _tool(key: str, name: str | None, given: Any, output: str | None, failed: bool) -> Part:
    """A call of a tool. One that was never answered is given as an error, as those of answers here are."""
    kind = name if name and _TOOL_NAME.fullmatch(name) else "unknown"
    call: Part = {"type": f"tool-{kind}", "toolCallId": key, "input": {} if given is None else given}
    if output is None or failed:
        return {**call, "state": "output-error", "errorText": output or "interrupted"}
    return {**call, "state": "output-available", "output": output}


def _output(content: object) -> str:
    """What a tool answered; nothing where only the repr of an event was kept in its place."""
    text = content_text(content)
    return "" if text.startswith(_EVENT) else text


def _thought(told: Mapping[str, Any]) -> list[Part]:
    text = as_text(told.get("reasoning_content"))
    return [{"type": "reasoning", "text": text, "state": "done"}] if text else []


def _words(text: str) -> list[Part]:
    return [{"type": "text", "text": text, "state": "done"}] if text else []


def _picture(image: object) -> Part | None:
    """A picture whose bytes are in the message; what lies elsewhere is not fetched."""
    if not isinstance(image, Mapping):
        return None
    content, media_type = image.get("content"), image.get("mime_type") or "image/png"
    if not isinstance(content, str) or not isinstance(media_type, str):
        return None
    if not _MEDIA_TYPE.fullmatch(media_type) or not _BASE64.fullmatch(content):
        return None
    return {"type": "file", "mediaType": media_type, "url": f"data:{media_type};base64,{content}"}
