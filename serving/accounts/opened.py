"""Everything that knows people, opened once when the service starts: by the issuer, or the one local user."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.core.records import PIPELINE
from pipelines.core.secrets.signing_key import signing_key
from pipelines.core.settings import Settings
from serving.accounts.auth import Authenticator, local_person
from serving.accounts.cookies import Cookies
from serving.accounts.doors import Doors
from serving.accounts.people import Principal
from serving.accounts.requests import COUNT_S, RequestCount
from serving.database import ServingDatabase, run
from serving.limits import Limits

if TYPE_CHECKING:
    from serving.accounts.issuer import Issuer
    from serving.accounts.sign_in import SignIn
    from serving.accounts.signed_tokens import TokenVerifier

FORGET_S = 600.0
"""Pause between removals of sessions and tickets that have ended."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Accounts:
    """What knows people. `local`: the one user of local mode; None: people sign in. `sign_in` None: not by a page."""

    authenticator: Authenticator
    cookies: Cookies
    local: Principal | None
    sign_in: "SignIn | None"
    requests: RequestCount
    chores: list[tuple[float, Callable[[], Awaitable[None]]]]


async def open_accounts(
    settings: Settings, limits: Limits, doors: Doors, database: ServingDatabase, stack: AsyncExitStack
) -> Accounts:
    """Opened; `stack` closes it. An issuer that does not answer now is asked again later.

    Raises:
        SettingsError, StorageUnavailableError
    """
    cookies = Cookies(signing_key(settings, "cookies"), secure=doors.secure)
    local: tuple[Principal, str] | None = None
    verifier: TokenVerifier | None = None
    sign_in: SignIn | None = None

    async def forget_sign_in() -> None:
        async with database.transaction(as_person=PIPELINE) as connection:
            await run(connection, "forget_sign_in", idle_s=limits.session_idle_s)

    requests = RequestCount(database, settings.requests_per_minute if doors.issuer is not None else 0)
    chores: list[tuple[float, Callable[[], Awaitable[None]]]] = [
        (FORGET_S, forget_sign_in), (FORGET_S, requests.forget), (COUNT_S, requests.tell),
    ]  # fmt: skip
    if doors.issuer is None:
        local = await local_person(settings, database)
    else:
        issuer, verifier, sign_in = await _open_issuer(doors.issuer, settings, limits, doors, stack)
        chores.append((limits.issuer_refresh_s, issuer.refresh))
    return Accounts(
        authenticator=Authenticator(
            database, doors=doors, cookies=cookies, limits=limits, verifier=verifier, local=local
        ),
        cookies=cookies,
        local=local[0] if local is not None else None,
        sign_in=sign_in,
        requests=requests,
        chores=chores,
    )


async def _open_issuer(
    url: str, settings: Settings, limits: Limits, doors: Doors, stack: AsyncExitStack
) -> "tuple[Issuer, TokenVerifier, SignIn | None]":
    """The issuer, and what believes it. Its libraries take a third of a second: local mode loads none of them."""
    import httpx2

    from serving.accounts.issuer import Issuer
    from serving.accounts.sign_in import SignIn
    from serving.accounts.signed_tokens import TokenVerifier

    http = await stack.enter_async_context(httpx2.AsyncClient(timeout=limits.issuer_timeout_s))
    issuer = Issuer(url, http, cooldown_s=limits.issuer_cooldown_s)
    verifier = TokenVerifier(issuer)
    if not doors.page:
        return issuer, verifier, None
    key = signing_key(settings, "sign-in")
    return issuer, verifier, SignIn(settings, doors=doors, issuer=issuer, verifier=verifier, key=key, limits=limits)
