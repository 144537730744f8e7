"""The JSON of keys and models, in the camelCase frontends write."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints

from serving.accounts.openrouter import MODEL_NAME
from serving.schemas.base import In, Out

ModelName = Annotated[str, StringConstraints(pattern=MODEL_NAME.pattern)]


class KeyIn(In):
    """A key to use from now on, in place of any other. `baseUrl`: where a key of another provider is good."""

    key: Annotated[SecretStr, Field(min_length=4, max_length=1000)]
    base_url: Annotated[str, StringConstraints(max_length=2000)] | None = None


class KeyOut(Out):
    """A key without itself. `state`: `reconnect` where the provider refuses it or it cannot be opened any more.

    Amounts are US dollars; null: the provider does not say now, or (limits) there is none. `manageUrl`: its page at the
    provider, where it can be revoked.
    """

    provider: Literal["openrouter", "compatible"]
    state: Literal["connected", "reconnect"]
    label: str | None
    base_url: str | None
    connected_at: datetime
    limit_usd: float | None = None
    remaining_usd: float | None = None
    usage_usd: float | None = None
    manage_url: str | None = None


class KeyList(Out):
    """The keys of this person: one, or none."""

    items: list[KeyOut]


class ModelOut(Out):
    """A model. Prices are US dollars for a million tokens; null: not said."""

    id: str
    name: str
    context_tokens: int | None
    prompt_usd: float | None
    completion_usd: float | None
    sees_images: bool
    calls_tools: bool


class ModelList(Out):
    """What the asker's own key can use. `chosen`: by them; `courseDefault`: by who teaches the course in question.

    `answering`: which model answers them, null: none, passages are quoted; `paidBy`: with whose key.
    """

    items: list[ModelOut]
    chosen: str | None
    course_default: str | None
    answering: str | None
    paid_by: Literal["own", "operator"] | None


class ModelChoice(In):
    """A model; null: none of one's own, so the next in line answers."""

    model: ModelName | None
