"""Authentication: from a request's headers to the person they speak for, whichever way that person came.

Belongs here: the local user's token, the issuer's tokens, personal access tokens and browsers' sessions, each looked up
once in a while and remembered between (`known.py`). What a person may see belongs to `accounts/access.py`.
"""

import hmac
import time
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pipelines.core.records import PIPELINE
from pipelines.core.registry.access_tokens import PREFIX
from pipelines.core.secrets.local_token import local_token
from pipelines.core.settings import Settings
from pipelines.http.rules import Scope, header
from serving.accounts.cookies import Cookies
from serving.accounts.doors import Doors
from serving.accounts.known import KnownPeople
from serving.accounts.people import CHAT, EVERYTHING, UPLOAD, Person, Principal, ensure_person, get_person
from serving.database import ServingDatabase, row
from serving.limits import Limits
from serving.problems import ProblemError

if TYPE_CHECKING:
    from serving.accounts.signed_tokens import TokenVerifier

LOCAL_ISSUER = "local"
LOCAL_SUBJECT = "local"


class Authenticator:
    """Knows people by what their requests show.

    Args:
        verifier: of the issuer's tokens; None in local mode.
        local: the local user and their token; None where there is an issuer.
    """

    def __init__(
        self,
        database: ServingDatabase,
        *,
        doors: Doors,
        cookies: Cookies,
        limits: Limits,
        verifier: "TokenVerifier | None",
        local: tuple[Principal, str] | None,
    ) -> None:
        self._database = database
        self._doors = doors
        self._cookies = cookies
        self._limits = limits
        self._verifier = verifier
        self._local = local
        self._known = KnownPeople(limits.known_s)
        self.issuer = doors.issuer or LOCAL_ISSUER
        """Who vouches for the people of this service, as their rows say it."""

    async def identify(self, scope: Scope) -> tuple[Principal, bool] | None:
        """The person who asks, and whether only a cookie says so; None: nobody.

        Raises:
            ProblemError: `suspended`, `sign_in_unavailable`.
            StorageUnavailableError
        """
        authorization = header(scope, b"authorization")
        if authorization is not None:
            scheme, _, token = authorization.partition(" ")
            token = token.strip()
            person = await self._by_token(token) if scheme.lower() == "bearer" and token else None
            return (person, False) if person is not None else None
        cookie = self._cookies.read(scope, self._cookies.session)
        person = await self._by_session(cookie) if cookie is not None else None
        return (person, True) if person is not None else None

    async def by_link(self, user_id: UUID) -> Principal | None:
        """The person for whom a link was signed; None: there is none any more.

        Raises:
            ProblemError: `suspended`.
            StorageUnavailableError
        """
        credential = f"link {user_id}"
        if (known := self._known.get(credential)) is not None:
            return known
        mark = self._known.mark()
        async with self._database.transaction(as_person=PIPELINE) as connection:
            person = await get_person(connection, user_id)
        if person is None or person.issuer != self.issuer:
            return None
        return self._remember(credential, self._principal(person), person.suspended, mark)

    def forget(self, user_id: UUID) -> None:
        """Look again at everything this person shows: they signed out, or what they may do has changed."""
        self._known.forget(user_id)

    async def _by_token(self, token: str) -> Principal | None:
        if self._local is not None and hmac.compare_digest(token.encode(), self._local[1].encode()):
            return self._local[0]
        if (known := self._known.get(token)) is not None:
            return known
        if token.startswith(PREFIX):
            return await self._look_up("find_access_token", token)
        return await self._by_signature(token) if self._verifier is not None else None

    async def _by_signature(self, token: str) -> Principal | None:
        assert self._verifier is not None  # noqa: S101  asked by the caller
        claims = await self._verifier.verify(token, self._doors.audience)
        if claims is None:
            return None
        mark = self._known.mark()
        async with self._database.transaction(as_person=PIPELINE) as connection:
            person = await ensure_person(
                connection,
                issuer=self.issuer,
                subject=claims.subject,
                name=claims.name,
                email=claims.email,
                former_name=self._doors.former_name(claims.external_id or claims.subject),
            )
        left_s = claims.expires_at - time.time()
        return self._remember(token, self._principal(person), person.suspended, mark, left_s)

    async def _by_session(self, cookie: str) -> Principal | None:
        known = self._known.get(f"session {cookie}")
        if known is not None:
            return known
        return await self._look_up("find_browser_session", cookie, session=True)

    async def _look_up(self, statement: str, secret: str, *, session: bool = False) -> Principal | None:
        more: dict[str, Any] = {"idle_s": self._limits.session_idle_s} if session else {}
        mark = self._known.mark()
        async with self._database.transaction(as_person=PIPELINE) as connection:
            found = await row(
                connection,
                statement,
                hash=hashed(secret),
                issuer=self.issuer,
                note_s=self._limits.session_note_s,
                **more,
            )
        if found is None:
            return None
        scopes = EVERYTHING if session else frozenset(found["scopes"])
        person = Principal(
            user_id=found["user_id"],
            local=self._local is not None,
            operator=found["operator"] or self._is_operator(found["subject"]),
            scopes=_allowed(scopes, former=found["former"]),
            former=found["former"],
        )
        credential = f"session {secret}" if session else secret
        return self._remember(credential, person, found["suspended"], mark, found.get("left_s"))

    def _remember(
        self, credential: str, person: Principal, suspended: bool, mark: int, life_s: float | None = None
    ) -> Principal:
        if suspended:
            raise ProblemError("suspended")
        self._known.put(credential, person, mark=mark, life_s=life_s)
        return person

    def _principal(self, person: Person) -> Principal:
        return Principal(
            user_id=person.id,
            local=self._local is not None,
            operator=person.operator or self._is_operator(person.subject),
            scopes=_allowed(EVERYTHING, former=person.former),
            former=person.former,
        )

    def _is_operator(self, subject: str | None) -> bool:
        return self._local is not None or subject in self._doors.operators


async def local_person(settings: Settings, database: ServingDatabase) -> tuple[Principal, str]:
    """The local user, whose row is made where it is missing, and their token.

    Raises:
        StorageUnavailableError, SettingsError
    """
    async with database.transaction(as_person=PIPELINE) as connection:
        person = await ensure_person(connection, issuer=LOCAL_ISSUER, subject=LOCAL_SUBJECT)
    return Principal(user_id=person.id, local=True, operator=True), local_token(settings)


def _allowed(scopes: frozenset[str], *, former: bool) -> frozenset[str]:
    """What somebody may do here, who may still write in a former deployment."""
    return scopes - {CHAT, UPLOAD} if former else scopes


def hashed(secret: str) -> bytes:
    """What the database keeps of a secret."""
    return sha256(secret.encode()).digest()
