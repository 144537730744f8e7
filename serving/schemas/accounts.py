"""Accounts as JSON: who asks, the tokens of their programs, signing in and out."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from serving.schemas.base import AwareFuture, In, Label, Out


class OpenRouterOut(Out):
    """Whether a key of OpenRouter is connected, and what it is called there."""

    connected: bool
    label: str | None


Theme = Literal["system", "light", "dark"]


class MeOut(Out):
    """Who asks. `name` and `email` null: the issuer did not say. `operator`: may use operators' routes. `language` and
    `theme`: how they want the page; null: they have not chosen. `belongs`: where they write: `here`, or in the `former`
    deployment they came over from, whose page is at `formerUrl` (null: nobody said); here they then only read."""

    id: UUID
    name: str | None
    email: str | None
    operator: bool
    language: str | None
    theme: Theme | None
    openrouter: OpenRouterOut
    belongs: Literal["here", "former"]
    former_url: str | None


class MePatch(In):
    """What a person may choose; what is not given stays, null: as each browser does."""

    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")] | None = None
    theme: Theme | None = None


class TokenIn(In):
    """A new personal access token. `expiresAt` null: it has no end."""

    name: Label
    scopes: Annotated[list[Literal["read", "chat", "upload"]], Field(min_length=1, max_length=10)]
    expires_at: AwareFuture | None = None


class TokenMadeOut(Out):
    """A new token; `token` is its secret."""

    id: UUID
    token: str


class TokenOut(Out):
    """A token without its secret. `usedAt`: its last use, to some minutes; null: none."""

    id: UUID
    name: str
    scopes: list[Literal["read", "chat", "upload"]]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


class TokenList(Out):
    """Tokens of this person, newest first."""

    items: list[TokenOut]


class SignInOut(Out):
    """`byPage`: at the issuer's page, by `GET /api/auth/sign-in`; else by `studybuddy open` on the machine itself."""

    by_page: bool


class SignOutIn(In):
    """`everywhere`: in all browsers."""

    everywhere: bool = False


class TicketIn(In):
    """What stands behind `#ticket=` in the address."""

    ticket: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]
