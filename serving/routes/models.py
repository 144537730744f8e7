"""Models: which ones a person's key can use at what price, their own choice, and a course's default."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import Response

from pipelines.core.access import teaches
from pipelines.core.errors import KeyMissingError
from pipelines.core.models.payers import Means, Payer, find_means, own_payer, payer_of_answers
from serving.accounts.access import allowed, get_my_course
from serving.accounts.asking import Manager, Reader
from serving.accounts.openrouter import OfferedModel
from serving.accounts.people import Principal
from serving.database import row, run
from serving.guard import router as guarded
from serving.problems import ProblemError, documented
from serving.schemas.keys import ModelChoice, ModelList, ModelOut
from serving.state import State, state_of

router = guarded("/api", tag="models")


@router.get(
    "/models",
    operation_id="listModels",
    responses=documented("not_found", "invalid_request", "key_unusable", "provider_unavailable"),
)
async def list_models(
    request: Request, person: Reader, course_id: Annotated[UUID | None, Query(alias="courseId")] = None
) -> ModelList:
    """What this person's own key can use, with prices; and which model answers them, in a course or outside of any."""
    state = state_of(request)
    if course_id is not None:
        async with state.database.transaction(as_person=person.person) as connection:
            await get_my_course(connection, person, course_id)
    means = await state.core.run(person, lambda connection: find_means(connection, person.user_id, course_id=course_id))
    payer = _payer(state, means)
    own = own_payer(means, state.settings, state.core.stores.sealer)
    listed = await _listed(state, own) if own is not None else []
    return ModelList(
        items=[ModelOut.model_validate(model) for model in listed],
        chosen=means.own_model,
        course_default=means.course_model,
        answering=payer.model if payer is not None else None,
        paid_by=None if payer is None else "operator" if payer.key_id is None else "own",
    )


@router.put(
    "/models/mine",
    operation_id="chooseModel",
    status_code=204,
    response_class=Response,
    responses=documented(
        "invalid_request", "unknown_model", "connect_openrouter", "key_unusable", "provider_unavailable"
    ),
)
async def choose_model(request: Request, person: Manager, body: ModelChoice) -> Response:
    """Have one's questions answered by this model, of those that one's own key can use."""
    state = state_of(request)
    if body.model is not None:
        await _check(state, person, body.model, keyless=False)
    async with state.database.transaction(as_person=person.person) as connection:
        await run(connection, "set_own_model", user_id=person.user_id, model=body.model)
    return Response(status_code=204)


@router.put(
    "/courses/{course_id}/model",
    operation_id="chooseCourseModel",
    status_code=204,
    response_class=Response,
    responses=documented(
        "not_found", "not_allowed", "invalid_request", "unknown_model", "key_unusable", "provider_unavailable"
    ),
)
async def choose_course_model(request: Request, person: Manager, course_id: UUID, body: ModelChoice) -> Response:
    """Have members answered by this model who pay themselves and chose none; by who teaches the course."""
    state = state_of(request)
    async with state.database.transaction(as_person=person.person) as connection:
        course = await get_my_course(connection, person, course_id)
    allowed(teaches(course.role))
    if body.model is not None:
        await _check(state, person, body.model, keyless=True)
    async with state.database.transaction(as_person=person.person) as connection:
        found = await row(connection, "set_course_model", course_id=course_id, model=body.model)
    allowed(found is not None and found["changed"])
    return Response(status_code=204)


async def _check(state: State, person: Principal, model: str, *, keyless: bool) -> None:
    """Is there such a model?

    Args:
        keyless: believe who has no key of their own, because nobody can be asked.
    """
    means = await state.core.run(person, lambda connection: find_means(connection, person.user_id))
    own = own_payer(means, state.settings, state.core.stores.sealer)
    if own is None:
        if keyless:
            return
        raise ProblemError("connect_openrouter")
    if model not in {each.id for each in await _listed(state, own)}:
        raise ProblemError("unknown_model", field="body.model")


async def _listed(state: State, own: Payer) -> list[OfferedModel]:
    return await state.openrouter.models(own.base_url, own.key, named=own.named)


def _payer(state: State, means: Means) -> Payer | None:
    try:
        return payer_of_answers(means, state.settings, state.core.stores.sealer)
    except KeyMissingError:
        return None
