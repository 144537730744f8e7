"""Personal access tokens: what a person's own programs show instead of signing in. The secret is told once."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe
from uuid import UUID

from serving.database import Connection, row, rows
from serving.problems import ProblemError

PREFIX = "sbp_"
"""Begins every such token, so that scanners of leaked secrets can know one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A token without its secret. `expires_at` None: it has no end. `used_at`: to some minutes; None: never."""

    id: UUID
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


async def list_access_tokens(connection: Connection, user_id: UUID) -> list[AccessToken]:
    """This person's tokens, newest first."""
    return [AccessToken(**found) for found in await rows(connection, "list_access_tokens", user_id=user_id)]


async def make_access_token(
    connection: Connection, user_id: UUID, *, name: str, scopes: list[str], expires_at: datetime | None, most: int
) -> tuple[UUID, str]:
    """A new token: its id, and its secret, which nobody can be told again.

    Raises:
        ProblemError: `too_many_tokens`: this person has `most` of them.
    """
    secret = PREFIX + token_urlsafe(32)
    made = await row(
        connection,
        "make_access_token",
        user_id=user_id,
        name=name,
        hash=sha256(secret.encode()).digest(),
        scopes=scopes,
        expires_at=expires_at,
        most=most,
    )
    if made is None:
        raise ProblemError("too_many_tokens")
    return made["id"], secret


async def delete_access_token(connection: Connection, user_id: UUID, token_id: UUID) -> None:
    """End a token of this person.

    Raises:
        ProblemError: `not_found`.
    """
    if await row(connection, "delete_access_token", id=token_id, user_id=user_id) is None:
        raise ProblemError("not_found")
