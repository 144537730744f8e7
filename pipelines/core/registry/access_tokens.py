"""Personal access tokens: what a person's own programs show instead of signing in. The secret is told once."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe
from uuid import UUID

from pipelines.core.errors import NotFoundError, PermanentError
from pipelines.core.postgres import Connection, read_records
from pipelines.core.statements import statement

PREFIX = "sbp_"
"""Begins every such token, so that scanners of leaked secrets can know one."""

MOST = 50
"""Tokens of one person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A token without its secret. `expires_at` None: it has no end. `used_at`: to some minutes; None: never."""

    id: UUID
    user_id: UUID
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


def list_access_tokens(connection: Connection, user_id: UUID | None) -> list[AccessToken]:
    """This person's tokens, newest first; None: everybody's, for the operator."""
    return read_records(connection, AccessToken, "list_access_tokens", {"user_id": user_id})


def make_access_token(
    connection: Connection,
    user_id: UUID,
    *,
    name: str,
    scopes: list[str],
    expires_at: datetime | None,
    most: int = MOST,
) -> tuple[UUID, str]:
    """A new token: its id, and its secret, which nobody can be told again.

    Raises:
        PermanentError: `too_many_tokens`: this person has `most` of them.
    """
    secret = PREFIX + token_urlsafe(32)
    kept = {
        "user_id": user_id, "name": name, "hash": sha256(secret.encode()).digest(), "scopes": scopes,
        "expires_at": expires_at, "most": most,
    }  # fmt: skip
    made = connection.execute(statement("make_access_token"), kept).fetchone()
    if made is None:
        raise PermanentError("They have as many tokens as one may have; end one first.", code="too_many_tokens")
    return made[0], secret


def delete_access_token(connection: Connection, token_id: UUID, *, user_id: UUID | None) -> None:
    """End a token of this person; None: whoever's it is, for the operator. Every process hears of it at once.

    Raises:
        NotFoundError
    """
    ended = connection.execute(statement("delete_access_token"), {"id": token_id, "user_id": user_id}).fetchone()
    if ended is None:
        raise NotFoundError("There is no such token.")
