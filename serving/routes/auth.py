"""Signing in and out in a browser: by the issuer's page, or by the one-time ticket of `studybuddy open`."""

from hashlib import sha256
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Query, Request
from fastapi.responses import RedirectResponse, Response

from pipelines.core.records import PIPELINE
from serving.accounts.addresses import is_own_path
from serving.accounts.asking import Nobody, SignedIn
from serving.accounts.browser_sessions import end_session, end_sessions, start_session
from serving.accounts.changes import tell_change
from serving.accounts.people import ensure_person
from serving.database import row
from serving.guard import router as guarded
from serving.problems import OPEN, ProblemError, documented
from serving.schemas.accounts import SignInOut, SignOutIn, TicketIn
from serving.state import State, state_of

if TYPE_CHECKING:
    from serving.accounts.sign_in import SignIn

router = guarded("/api/auth", tag="sign-in")

LONGEST_CODE = 4096
SECRET_CHARS = 43
"""Length of `token_urlsafe(32)`."""

_AWAY: dict[int | str, dict[str, Any]] = {303: {"description": "On to another page."}}
Text = Annotated[str | None, Query(max_length=LONGEST_CODE)]


@router.get("", operation_id="howToSignIn", responses=documented("not_ready", always=OPEN))
async def how(request: Request, _: Nobody) -> SignInOut:
    """How people sign in here."""
    return SignInOut(by_page=state_of(request).accounts.sign_in is not None)


@router.get(
    "/sign-in",
    operation_id="signIn",
    status_code=303,
    response_class=RedirectResponse,
    responses=documented("invalid_request", "no_sign_in", "sign_in_unavailable", always=OPEN) | _AWAY,
)
async def sign_in(
    request: Request,
    _: Nobody,
    return_to: Annotated[
        str, Query(alias="returnTo", max_length=2000, description="A path of this service to come back to.")
    ] = "/",
) -> Response:
    """Send a browser to the issuer's page; it comes back to `GET /api/auth/callback` within some minutes."""
    state = state_of(request)
    if not is_own_path(return_to):
        raise ProblemError("invalid_request", field="query.returnTo")
    begun = _sign_in_of(state)
    browser = _browser(request, state)
    browser = browser if browser is not None and len(browser) == SECRET_CHARS else token_urlsafe(32)
    response = _redirect(await begun.begin(browser, return_to))
    cookies = state.accounts.cookies
    cookie = cookies.set(cookies.browser, browser, life_s=state.limits.sign_in_s)
    response.headers.append("set-cookie", cookie)
    return response


@router.get(
    "/callback",
    operation_id="signInCallback",
    status_code=303,
    response_class=RedirectResponse,
    responses=documented(
        "invalid_request", "no_sign_in", "sign_in_expired", "sign_in_refused", "sign_in_unavailable", "suspended",
        always=OPEN,
    ) | _AWAY,
)  # fmt: skip
async def callback(
    request: Request, _: Nobody, code: Text = None, state: Text = None, error: Text = None, iss: Text = None
) -> Response:
    """Where the issuer sends the browser back. Another browser, a second time, or too late: nothing is exchanged.

    A browser that is refused comes to `/?signIn=CODE`, a program gets the problem.
    """
    service = state_of(request)
    try:
        return await _come_back(request, service, code=code, state_=state, error=error, issuer=iss)
    except ProblemError as problem:
        if "text/html" not in request.headers.get("accept", ""):
            raise
        return _redirect(f"/?signIn={problem.code}")


@router.post(
    "/ticket",
    operation_id="useTicket",
    status_code=204,
    response_class=Response,
    responses=documented("invalid_request", "ticket_expired", always=OPEN),
)
async def use_ticket(request: Request, _: Nobody, body: TicketIn) -> Response:
    """Sign this browser in with the ticket in the address that `studybuddy open` opened: once, within a minute."""
    state = state_of(request)
    if state.accounts.local is None:
        raise ProblemError("ticket_expired")
    async with state.database.transaction(as_person=PIPELINE) as connection:
        if await row(connection, "use_ticket", hash=sha256(body.ticket.encode()).digest()) is None:
            raise ProblemError("ticket_expired")
        secret = await start_session(
            connection, state.accounts.local.user_id, life_s=state.limits.session_s, before=_session(request, state)
        )
    return _with_session(Response(status_code=204), state, secret)


@router.post("/sign-out", operation_id="signOut", status_code=204, responses=documented("invalid_request"))
async def sign_out(request: Request, person: SignedIn, body: SignOutIn) -> Response:
    """End this browser's session, or with `everywhere` every session of this person. Tokens are ended one by one."""
    state = state_of(request)
    async with state.database.transaction(as_person=PIPELINE) as connection:
        if (secret := _session(request, state)) is not None:
            await end_session(connection, secret)
        if body.everywhere:
            await end_sessions(connection, person.user_id)
        await tell_change(connection, person.user_id)
    state.accounts.authenticator.forget(person.user_id)
    response = Response(status_code=204)
    response.headers.append("set-cookie", state.accounts.cookies.drop(state.accounts.cookies.session))
    return response


async def _come_back(
    request: Request, state: State, *, code: str | None, state_: str | None, error: str | None, issuer: str | None
) -> Response:
    begun = _sign_in_of(state)
    browser = _browser(request, state)
    attempt = begun.read(browser, state_)
    assert browser is not None  # noqa: S101  `read` has looked
    async with state.database.transaction(
        as_person=PIPELINE
    ) as connection:  # before the exchange: once, even where that fails
        if await row(connection, "use_sign_in", id=attempt.id, life_s=2 * state.limits.sign_in_s) is None:
            raise ProblemError("sign_in_expired")
    if error is not None or not code:
        raise ProblemError("sign_in_refused")
    claims = await begun.finish(attempt, browser, code=code, issuer=issuer)
    async with state.database.transaction(as_person=PIPELINE) as connection:
        person = await ensure_person(
            connection,
            issuer=state.accounts.authenticator.issuer,
            subject=claims.subject,
            name=claims.name,
            email=claims.email,
            former_name=state.doors.former_name(claims.external_id or claims.subject),
        )
        if person.suspended:
            raise ProblemError("suspended")
        secret = await start_session(
            connection, person.id, life_s=state.limits.session_s, before=_session(request, state)
        )
    return _with_session(_redirect(attempt.return_to), state, secret)


def _sign_in_of(state: State) -> "SignIn":
    if state.accounts.sign_in is None:
        raise ProblemError("no_sign_in")
    return state.accounts.sign_in


def _browser(request: Request, state: State) -> str | None:
    return state.accounts.cookies.read(request.scope, state.accounts.cookies.browser)


def _session(request: Request, state: State) -> str | None:
    return state.accounts.cookies.read(request.scope, state.accounts.cookies.session)


def _with_session(response: Response, state: State, secret: str) -> Response:
    cookie = state.accounts.cookies.set(state.accounts.cookies.session, secret, life_s=state.limits.session_s)
    response.headers.append("set-cookie", cookie)
    response.headers["cache-control"] = "no-store"
    return response


def _redirect(place: str) -> Response:
    """On to `place`; the address that was asked, with its code and state, is told to nobody and kept nowhere."""
    headers = {"referrer-policy": "no-referrer", "cache-control": "no-store"}
    return RedirectResponse(place, 303, headers)
