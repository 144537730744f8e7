"""The account of the person who asks: who they are, and the tokens of their programs."""

from functools import partial
from uuid import UUID

from fastapi import Request
from fastapi.responses import Response

from pipelines.core.models.keys import find_model_key
from pipelines.core.registry.access_tokens import delete_access_token, list_access_tokens, make_access_token
from serving.accounts.asking import Manager, SignedIn
from serving.accounts.people import Person, Principal, choose, get_person
from serving.guard import router as guarded
from serving.problems import ProblemError, documented
from serving.schemas.accounts import MeOut, MePatch, OpenRouterOut, TokenIn, TokenList, TokenMadeOut, TokenOut
from serving.state import State, state_of

router = guarded("/api", tag="account")


@router.get("/me", operation_id="getMe", responses=documented())
async def me(request: Request, person: SignedIn) -> MeOut:
    """Who asks."""
    state = state_of(request)
    async with state.database.transaction(as_person=person.person) as connection:
        found = await get_person(connection, person.user_id)
    return await _told(state, person, found)


@router.patch("/me", operation_id="updateMe", responses=documented("invalid_request"))
async def update_me(request: Request, person: Manager, body: MePatch) -> MeOut:
    """Choose the page's language and theme: they are the same in every browser of this person."""
    state = state_of(request)
    async with state.database.transaction(as_person=person.person) as connection:
        found = await choose(connection, person.user_id, body.model_dump(exclude_unset=True))
    return await _told(state, person, found)


async def _told(state: State, person: Principal, found: Person | None) -> MeOut:
    """Who asks, with what is connected.

    Raises:
        ProblemError: `not_authenticated`: they are not there any more.
    """
    if found is None:
        raise ProblemError("not_authenticated")
    sealer = state.core.stores.sealer
    key = await state.core.run(person, lambda connection: find_model_key(connection, person.user_id, sealer=sealer))
    connected = key is not None and key.provider == "openrouter" and key.secret is not None and not key.rejected
    openrouter = OpenRouterOut(connected=connected, label=key.label if connected and key is not None else None)
    return MeOut(
        id=found.id, name=found.name, email=found.email, operator=person.operator, language=found.language,
        theme=found.theme, openrouter=openrouter, belongs="former" if found.former else "here",
        former_url=state.settings.former_url if found.former else None,
    )  # fmt: skip


@router.get("/tokens", operation_id="listTokens", responses=documented())
async def list_tokens(request: Request, person: Manager) -> TokenList:
    """Personal access tokens of this person, newest first, without their secrets."""
    found = await state_of(request).core.run(person, partial(list_access_tokens, user_id=person.user_id))
    return TokenList(items=[TokenOut.model_validate(token) for token in found])


@router.post(
    "/tokens", status_code=201, operation_id="createToken", responses=documented("invalid_request", "too_many_tokens")
)
async def create_token(request: Request, person: Manager, body: TokenIn) -> TokenMadeOut:
    """A new token for this person's own programs. Its secret is told now and never again."""
    state = state_of(request)
    make = partial(
        make_access_token,
        user_id=person.user_id,
        name=body.name,
        scopes=sorted(set(body.scopes)),
        expires_at=body.expires_at,
        most=state.limits.tokens_per_user,
    )
    token_id, secret = await state.core.run(person, make)
    return TokenMadeOut(id=token_id, token=secret)


@router.delete(
    "/tokens/{token_id}",
    status_code=204,
    operation_id="deleteToken",
    responses=documented("not_found", "invalid_request"),
)
async def delete_token(request: Request, person: Manager, token_id: UUID) -> Response:
    """End a token; the next request that shows it is refused."""
    state = state_of(request)
    await state.core.run(person, partial(delete_access_token, token_id=token_id, user_id=person.user_id))
    state.accounts.authenticator.forget(person.user_id)
    return Response(status_code=204)
