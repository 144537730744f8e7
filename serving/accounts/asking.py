"""The person who asks, as a typed parameter of every route: what they must be allowed to do, told to OpenAPI too."""

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, APIKeyQuery, HTTPBearer

from serving.accounts.people import ACCOUNT, CHAT, READ, UPLOAD, Principal

_BEARER = HTTPBearer(
    auto_error=False,
    scheme_name="bearer",
    description="A token of the issuer (JWT), a personal access token, or the local user's token.",
)
_SESSION = APIKeyCookie(
    name="studybuddy",
    auto_error=False,
    scheme_name="session",
    description="Session of a browser: `GET /api/auth/sign-in`. The cookie's name carries a prefix and a suffix.",
)
_LINK = APIKeyQuery(
    name="sig", auto_error=False, scheme_name="link", description="An address that was signed for one person."
)


class Asking:
    """A dependency that gives the person; the gate and the guard (`serving/guard.py`) let nobody else get this far.

    Args:
        scope: what the person's credential must be for; None: any will do.
    """

    def __init__(self, scope: str | None) -> None:
        self.scope = scope

    async def __call__(
        self,
        request: Request,
        _bearer: Annotated[object, Depends(_BEARER)] = None,
        _session: Annotated[object, Depends(_SESSION)] = None,
    ) -> Principal:
        """The person who asks."""
        person: Principal = request.scope["person"]
        return person


class AskingByLink(Asking):
    """The same, also by a signed link: addresses for `<img>` and `<video>`, which can send no header."""

    async def __call__(
        self,
        request: Request,
        _bearer: Annotated[object, Depends(_BEARER)] = None,
        _session: Annotated[object, Depends(_SESSION)] = None,
        _link: Annotated[object, Depends(_LINK)] = None,
    ) -> Principal:
        """The person who asks, or for whom the link was signed."""
        return await super().__call__(request)


class AskingNobody:
    """Marks a route that anybody may ask, signed in or not."""

    async def __call__(self) -> None:
        """Nobody."""


Reader = Annotated[Principal, Security(Asking(READ), scopes=[READ])]
"""Looks at what is theirs to see."""

Viewer = Annotated[Principal, Security(AskingByLink(READ), scopes=[READ])]
"""Looks at pictures and recordings, also by a signed link."""

Asker = Annotated[Principal, Security(Asking(CHAT), scopes=[CHAT])]
"""Asks questions, and keeps chats."""

Uploader = Annotated[Principal, Security(Asking(UPLOAD), scopes=[UPLOAD])]
"""Brings materials and manages them."""

Manager = Annotated[Principal, Security(Asking(ACCOUNT), scopes=[ACCOUNT])]
"""Manages their account and their courses; no personal access token does that."""

SignedIn = Annotated[Principal, Security(Asking(None))]
"""Anybody who is signed in, whatever their token is for."""

Nobody = Annotated[None, Depends(AskingNobody())]
"""Anybody at all: for signing in, and for whether the service lives."""
