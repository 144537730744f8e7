"""Keys of model providers: OpenRouter connected with a click, keys pasted, looked at and taken away."""

from secrets import token_urlsafe
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from psycopg.errors import ForeignKeyViolation
from pydantic import SecretStr

from pipelines.core.errors import AddressRefusedError
from pipelines.core.models.keys import (
    ModelKey,
    Provider,
    delete_model_key,
    find_model_key,
    put_model_key,
    set_key_rejected,
)
from pipelines.core.models.payers import allowed_base_url
from serving.accounts.addresses import CONNECT, is_own_path
from serving.accounts.asking import Manager, SignedIn
from serving.accounts.connecting import begin_connecting, take_attempt
from serving.accounts.openrouter import ANY_KEY, KEY, KeyStatus
from serving.guard import router as guarded
from serving.problems import ProblemError, documented
from serving.schemas.keys import KeyIn, KeyList, KeyOut
from serving.state import State, state_of

if TYPE_CHECKING:
    from serving.accounts.people import Principal

router = guarded("/api", tag="keys")

SECRET_CHARS = 43
"""Length of `token_urlsafe(32)`."""
LONGEST_CODE = 4096

_AWAY: dict[int | str, dict[str, Any]] = {303: {"description": "On to another page."}}
_UNKNOWN = KeyStatus(label=None, limit_usd=None, remaining_usd=None, usage_usd=None)


@router.get(
    "/auth/openrouter",
    operation_id="connectOpenRouter",
    status_code=303,
    response_class=RedirectResponse,
    responses=documented("invalid_request", "no_connecting") | _AWAY,
)
async def connect(
    request: Request,
    person: Manager,
    return_to: Annotated[
        str, Query(alias="returnTo", max_length=2000, description="A path of this service to come back to.")
    ] = "/",
) -> Response:
    """Send a browser to OpenRouter, where its person allows a key; it comes back within ten minutes, and only this one.

    A key that is connected already stays in use until the new one is there.
    """
    state = state_of(request)
    if not is_own_path(return_to):
        raise ProblemError("invalid_request", field="query.returnTo")
    origin, cookies = _origin(request, state), state.accounts.cookies
    browser = cookies.read(request.scope, cookies.browser)
    browser = browser if browser is not None and len(browser) == SECRET_CHARS else token_urlsafe(32)
    life_s = state.limits.sign_in_s
    async with state.database.transaction(as_person=person.person) as connection:
        begun = await begin_connecting(
            connection, person.user_id, browser, return_to=return_to, life_s=life_s, sealer=state.core.stores.sealer
        )
    callback = f"{origin}{CONNECT}/callback/{begun.nonce}"
    response = _redirect(state.openrouter.sign_in_url(callback, begun.challenge))
    response.headers.append("set-cookie", cookies.set(cookies.browser, browser, life_s=life_s))
    return response


@router.get(
    "/auth/openrouter/callback/{nonce}",
    operation_id="openRouterCallback",
    status_code=303,
    response_class=RedirectResponse,
    responses=documented("connect_expired", "connect_refused", "key_unusable", "openrouter_unavailable") | _AWAY,
)
async def callback(request: Request, person: Manager, nonce: Annotated[str, Path(max_length=LONGEST_CODE)]) -> Response:
    """Where OpenRouter sends the browser back with `code`. By other hands, a second time, too late: nothing happens.

    A browser that is refused comes to `/settings?openrouter=CODE`, a program gets the problem.
    """
    state = state_of(request)
    try:
        return await _come_back(request, state, person, nonce)
    except ProblemError as problem:
        if "text/html" not in request.headers.get("accept", ""):
            raise
        return _redirect(f"/settings?openrouter={problem.code}")


@router.get("/keys", operation_id="listKeys", responses=documented())
async def list_keys(request: Request, person: SignedIn) -> KeyList:
    """The key of this person, never itself; what it may spend is asked of OpenRouter now."""
    state = state_of(request)
    sealer = state.core.stores.sealer
    key = await state.core.run(person, lambda connection: find_model_key(connection, person.user_id, sealer=sealer))
    if key is None:
        return KeyList(items=[])
    status = await _looked_at(state, person, key)
    told = status or _UNKNOWN
    return KeyList(
        items=[
            KeyOut(
                provider=key.provider,
                state="reconnect" if status is None else "connected",
                label=told.label or key.label,
                base_url=key.base_url,
                connected_at=key.created_at,
                limit_usd=told.limit_usd,
                remaining_usd=told.remaining_usd,
                usage_usd=told.usage_usd,
                manage_url=(
                    f"{state.settings.openrouter_url.rstrip('/')}/keys/{key.key_hash.hex()}"
                    if key.provider == "openrouter"
                    else None
                ),
            )
        ]
    )


@router.put(
    "/keys/{provider}",
    operation_id="putKey",
    status_code=204,
    response_class=Response,
    responses=documented(
        "invalid_request", "key_unusable", "address_refused", "openrouter_unavailable", "provider_unavailable"
    ),
)
async def put_key(request: Request, person: Manager, provider: Provider, body: KeyIn) -> Response:
    """Use this key from now on, in place of any other. It is tried first, and never told again."""
    state = state_of(request)
    label = None
    base_url = body.base_url
    if provider == "openrouter":
        if base_url is not None:
            raise ProblemError("invalid_request", field="body.baseUrl")
        if not KEY.fullmatch(body.key.get_secret_value()):
            raise ProblemError("key_unusable")
        label = (await state.openrouter.status(body.key)).label
    else:
        if base_url is None or not ANY_KEY.fullmatch(body.key.get_secret_value()):
            raise ProblemError("invalid_request", field="body.baseUrl" if base_url is None else "body.key")
        try:
            base_url = allowed_base_url(base_url, state.settings)
        except AddressRefusedError:
            raise ProblemError("address_refused", field="body.baseUrl") from None
        await state.openrouter.models(base_url, body.key, named=True)
    await _keep(state, person, body.key, provider, base_url=base_url, label=label)
    return Response(status_code=204)


@router.delete(
    "/keys/{provider}",
    operation_id="deleteKey",
    status_code=204,
    response_class=Response,
    responses=documented("invalid_request"),
)
async def delete_key(request: Request, person: Manager, provider: Provider) -> Response:
    """Forget the key of this provider; the next question uses it no more. At the provider it goes on to exist: see
    `manageUrl`."""
    await state_of(request).core.run(person, lambda connection: delete_model_key(connection, person.user_id, provider))
    return Response(status_code=204)


async def _come_back(request: Request, state: State, person: "Principal", nonce: str) -> Response:
    cookies = state.accounts.cookies
    browser = cookies.read(request.scope, cookies.browser)
    async with state.database.transaction(as_person=person.person) as connection:  # used, even where the rest fails
        returned = await take_attempt(connection, person.user_id, browser, nonce, sealer=state.core.stores.sealer)
    codes = request.query_params.getlist("code")
    if len(codes) != 1 or not 0 < len(codes[0]) <= LONGEST_CODE or not codes[0].isprintable():
        raise ProblemError("connect_refused")
    key = await state.openrouter.exchange(codes[0], returned.verifier)
    status = await state.openrouter.status(key)
    await _keep(state, person, key, "openrouter", base_url=None, label=status.label)
    return _redirect(returned.return_to)


async def _keep(
    state: State, person: "Principal", key: SecretStr, provider: Provider, *, base_url: str | None, label: str | None
) -> None:
    sealer = state.core.stores.sealer
    try:
        await state.core.run(
            person,
            lambda connection: put_model_key(
                connection, person.user_id, key, provider=provider, base_url=base_url, label=label, sealer=sealer
            ),
        )
    except ForeignKeyViolation:  # they were erased meanwhile
        raise ProblemError("not_authenticated") from None


async def _looked_at(state: State, person: "Principal", key: ModelKey) -> KeyStatus | None:
    """What the key may spend, as far as the provider says so now; None: it has to be connected again."""
    if key.secret is None:
        return None
    if key.provider != "openrouter":
        return None if key.rejected else _UNKNOWN
    try:
        status = await state.openrouter.status(key.secret)
    except ProblemError as problem:
        if problem.code != "key_unusable":
            return None if key.rejected else _UNKNOWN
        status = None
    if key.rejected is not (status is None):
        await state.core.run(person, lambda connection: set_key_rejected(connection, key.id, status is None))
    return status


def _origin(request: Request, state: State) -> str:
    """Where browsers reach us: PUBLIC_URL, or in local mode the loopback name that this one uses.

    Raises:
        ProblemError: `no_connecting`: only programs reach us.
    """
    if state.doors.public_origin is not None:
        return state.doors.public_origin
    if state.doors.issuer is not None:
        raise ProblemError("no_connecting")
    return f"http://{request.headers['host']}"  # the gate let in names of this machine alone


def _redirect(place: str) -> Response:
    """On to `place`; the address that was asked, with its code, is told to nobody and kept nowhere."""
    return RedirectResponse(place, 303, {"referrer-policy": "no-referrer", "cache-control": "no-store"})
