"""Authentication. Today one local user with a token; sign-in proper replaces `Authenticator` and nothing else.

Belongs here: from headers to a person. What a person may see belongs to `accounts/access.py`.
"""

import hmac
from dataclasses import dataclass
from uuid import UUID

from pipelines.core.local_token import local_token
from pipelines.core.settings import Settings
from serving.database import ServingDatabase, row

LOCAL_ISSUER = "local"
LOCAL_SUBJECT = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A signed-in person. `local` is the one user of a machine without sign-in, who owns every course of it."""

    user_id: UUID
    local: bool


class Authenticator:
    """Knows people by their bearer token."""

    def __init__(self, token: str, principal: Principal) -> None:
        self._token = token.encode()
        self._principal = principal

    @classmethod
    async def open(cls, settings: Settings, database: ServingDatabase) -> "Authenticator":
        """Ready to answer; the local user's row is made where it is missing.

        Raises:
            StorageUnavailableError
        """
        async with database.transaction() as connection:
            user = await row(connection, "ensure_user", issuer=LOCAL_ISSUER, subject=LOCAL_SUBJECT)
        assert user is not None  # noqa: S101  the statement finds or makes it
        return cls(local_token(settings), Principal(user_id=user["id"], local=True))

    def authenticate(self, authorization: str | None) -> Principal | None:
        """The person this `Authorization` header speaks for; None when it speaks for nobody."""
        scheme, _, token = (authorization or "").partition(" ")
        given = token.strip().encode()
        if scheme.lower() != "bearer" or not given or not hmac.compare_digest(given, self._token):
            return None
        return self._principal

    def principal(self, user_id: UUID) -> Principal | None:
        """The person of this id, for signed links; None when there is none any more."""
        return self._principal if user_id == self._principal.user_id else None
