"""Chat completions as JSON: what clients of OpenAI's interface post, and what they get. Its names, not ours."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class _In(BaseModel):
    """What comes in; clients send much that means nothing here (temperature, user, seed, ...), which is not read."""

    model_config = ConfigDict(extra="ignore")


class ContentPart(_In):
    """A piece of a message; only text is taken."""

    type: str
    text: str | None = None


class CompletionMessageIn(_In):
    """A message of the client's history. Those of `user` and `assistant` are read, as words and nothing more."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[ContentPart] | None = None


class StreamOptions(_In):
    """`include_usage`: one more chunk at the end says what was used."""

    include_usage: bool | None = None


class CompletionIn(_In):
    """A question to a course. `model` is the course's id, or its name where one of yours alone has it."""

    model: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    messages: Annotated[list[CompletionMessageIn], Field(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: int | None = None
    tools: list[Any] | None = None
    functions: list[Any] | None = None
    response_format: dict[str, Any] | None = None
    modalities: list[str] | None = None
    logprobs: bool | None = None


class UrlCitation(BaseModel):
    """Where a source opens in the page, and where in the content its handle stands first."""

    start_index: int
    end_index: int
    title: str
    url: str


class Annotation(BaseModel):
    """A source that the answer cites."""

    type: Literal["url_citation"] = "url_citation"
    url_citation: UrlCitation


class CompletionMessage(BaseModel):
    """The answer, with a list of its sources at the end."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None
    annotations: list[Annotation]


class CompletionChoice(BaseModel):
    """The only answer there is."""

    index: Literal[0] = 0
    message: CompletionMessage
    logprobs: None = None
    finish_reason: Literal["stop", "length", "content_filter"]


class CompletionUsage(BaseModel):
    """Tokens, 0 where no model was asked or it did not say; `cost` in US dollars, null where nobody said."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    cost: float | None = None


class CompletionOut(BaseModel):
    """An answer. `notice`: the code of a problem for which passages were quoted instead; null: none."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[CompletionChoice]
    usage: CompletionUsage
    notice: str | None = None


class CourseModel(BaseModel):
    """A course as a model; `name` is what people call it. `created` is not told."""

    id: str
    object: Literal["model"] = "model"
    created: Literal[0] = 0
    owned_by: Literal["studybuddy"] = "studybuddy"
    name: str


class CourseModels(BaseModel):
    """Courses that may be asked, by name."""

    object: Literal["list"] = "list"
    data: list[CourseModel]
