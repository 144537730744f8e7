"""The parts of an AI SDK UI message stream, typed: the subset that the SDK's versions 5, 6 and 7 all accept.

Belongs here: shapes and their bytes. The order of parts belongs to `writer.py`. The client refuses a null in an
optional field, NaN, integer ids and unknown types, so optional fields leave the JSON when they are None and nothing
here is a plain dict. Source: the `ai` package's `uiMessageChunkSchema`, versions 5.0.277, 6.0.326 and 7.0.173.
"""

from math import isfinite
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel

from pipelines.answering.events import FinishReason

ProviderMetadata = dict[str, dict[str, Any]]
"""Two levels, as the client demands: provider name, then its values."""


def _is_none(value: object) -> bool:
    return value is None


OptionalStr = Annotated[str | None, Field(exclude_if=_is_none)]
OptionalBool = Annotated[bool | None, Field(exclude_if=_is_none)]
OptionalMetadata = Annotated[dict[str, Any] | None, Field(exclude_if=_is_none)]
OptionalProvider = Annotated[ProviderMetadata | None, Field(exclude_if=_is_none)]


class Part(BaseModel):
    """Base of all parts; `sse()` is the part as the wire carries it."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, ser_json_inf_nan="null")

    def sse(self) -> bytes:
        """One server-sent event. Pydantic writes the JSON: `json.dumps` would let NaN through."""
        return b"data: " + self.__pydantic_serializer__.to_json(self, by_alias=True) + b"\n\n"


class Start(Part):
    """First part; its message id becomes the client's id of the answer."""

    type: Literal["start"] = "start"
    message_id: OptionalStr = None
    message_metadata: OptionalMetadata = None


class StartStep(Part):
    """A model call begins."""

    type: Literal["start-step"] = "start-step"


class FinishStep(Part):
    """A model call and its tools have ended."""

    type: Literal["finish-step"] = "finish-step"


class TextStart(Part):
    """A piece of the answer begins."""

    type: Literal["text-start"] = "text-start"
    id: str


class TextDelta(Part):
    """More of the answer."""

    type: Literal["text-delta"] = "text-delta"
    id: str
    delta: str


class TextEnd(Part):
    """A piece of the answer is whole."""

    type: Literal["text-end"] = "text-end"
    id: str


class ReasoningStart(Part):
    """The model begins to think aloud."""

    type: Literal["reasoning-start"] = "reasoning-start"
    id: str


class ReasoningDelta(Part):
    """More of the model's thinking."""

    type: Literal["reasoning-delta"] = "reasoning-delta"
    id: str
    delta: str


class ReasoningEnd(Part):
    """The model's thinking is over."""

    type: Literal["reasoning-end"] = "reasoning-end"
    id: str


class ToolInputStart(Part):
    """The model begins to write a tool call."""

    type: Literal["tool-input-start"] = "tool-input-start"
    tool_call_id: str
    tool_name: str


class ToolInputDelta(Part):
    """More of the tool call's arguments, as JSON text."""

    type: Literal["tool-input-delta"] = "tool-input-delta"
    tool_call_id: str
    input_text_delta: str


class ToolInputAvailable(Part):
    """The tool call's arguments are whole."""

    type: Literal["tool-input-available"] = "tool-input-available"
    tool_call_id: str
    tool_name: str
    input: Any


class ToolInputError(Part):
    """The tool call's arguments cannot be used."""

    type: Literal["tool-input-error"] = "tool-input-error"
    tool_call_id: str
    tool_name: str
    input: Any
    error_text: str


class ToolOutputAvailable(Part):
    """What the tool answered; null is an answer too, so `output` is always sent."""

    type: Literal["tool-output-available"] = "tool-output-available"
    tool_call_id: str
    output: Any


class ToolOutputError(Part):
    """The tool failed."""

    type: Literal["tool-output-error"] = "tool-output-error"
    tool_call_id: str
    error_text: str


class SourceDocument(Part):
    """A passage the answer cites; `source_id` is its row in `message_sources`."""

    type: Literal["source-document"] = "source-document"
    source_id: str
    media_type: str
    title: str
    filename: OptionalStr = None
    provider_metadata: OptionalProvider = None


class DataCitations(Part):
    """Handles, and quotations with whether they were found word for word."""

    type: Literal["data-citations"] = "data-citations"
    id: OptionalStr = None
    data: dict[str, Any]


class DataSummary(Part):
    """The older part of a long chat, summed up: text, the key of the last message in it, sources of its numbers."""

    type: Literal["data-summary"] = "data-summary"
    id: OptionalStr = None
    data: dict[str, Any]


class DataConnect(Part):
    """Where a person connects the key that is missing for a written answer."""

    type: Literal["data-connect"] = "data-connect"
    id: OptionalStr = None
    data: dict[str, Any]


class MessageMetadata(Part):
    """Values for `message.metadata` that are known before the end."""

    type: Literal["message-metadata"] = "message-metadata"
    message_metadata: dict[str, Any]


class Error(Part):
    """The answer failed; the text is a code and a sentence from the table in `problems.py`."""

    type: Literal["error"] = "error"
    error_text: str


class Abort(Part):
    """The answer was stopped."""

    type: Literal["abort"] = "abort"
    reason: OptionalStr = None


class Finish(Part):
    """The answer is whole."""

    type: Literal["finish"] = "finish"
    finish_reason: Annotated[FinishReason | None, Field(exclude_if=_is_none)] = None
    message_metadata: OptionalMetadata = None


AnyPart = Annotated[
    Start | StartStep | FinishStep | TextStart | TextDelta | TextEnd | ReasoningStart | ReasoningDelta | ReasoningEnd
    | ToolInputStart | ToolInputDelta | ToolInputAvailable | ToolInputError | ToolOutputAvailable | ToolOutputError
    | SourceDocument | DataCitations | DataSummary | DataConnect | MessageMetadata | Error | Abort | Finish,
    Field(discriminator="type"),
]  # fmt: skip

_ANY: TypeAdapter[Part] = TypeAdapter(AnyPart)

DONE = b"data: [DONE]\n\n"
OPEN = b": open\n\n"
PING = b": ping\n\n"
"""Comments: a ping sent as data would end the client's stream with an error."""

HEADERS = {
    "cache-control": "no-cache, no-transform",  # without no-transform a Next.js rewrite holds the answer back
    "x-accel-buffering": "no",
    "x-vercel-ai-ui-message-stream": "v1",
}
MEDIA_TYPE = "text/event-stream"


def parts_schema(reference: str) -> dict[str, Any]:
    """JSON schema of all parts as they are written; `reference` is the template of their addresses."""
    return _ANY.json_schema(by_alias=True, mode="serialization", ref_template=reference)


def parse_sse(data: str) -> list[Part]:
    """The parts written in stored stream text; comments and `[DONE]` are passed over."""
    lines = (line[6:] for line in data.split("\n") if line.startswith("data: "))
    return [_ANY.validate_json(line) for line in lines if line != "[DONE]"]


def clean(text: str) -> str:
    """Text that JSON, UTF-8 and PostgreSQL can all hold: no NUL, and U+FFFD for a surrogate without its pair."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def clean_json(value: Any) -> Any:
    """A JSON value with every text in it made safe as by `clean`, without keys and numbers the client refuses."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, float) and not isfinite(value):
        return None
    if isinstance(value, list):
        return [clean_json(item) for item in value]
    if isinstance(value, dict):
        return {clean(str(key)): clean_json(item) for key, item in value.items() if not _poisoned(key, item)}
    return value


def _poisoned(key: object, value: Any) -> bool:
    """Would the client's parser refuse the whole stream over this key?"""
    return key == "__proto__" or (key == "constructor" and isinstance(value, dict) and "prototype" in value)
