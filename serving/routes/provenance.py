"""Provenance: where the sentences of an answer come from."""

from typing import Annotated

from fastapi import Path, Request

from serving.accounts.asking import Reader
from serving.chat.provenance import provenance_of
from serving.chat.sessions import check_id
from serving.dagster import dagster_url
from serving.guard import router as guarded
from serving.problems import documented
from serving.schemas.provenance import ProvenanceOut
from serving.state import state_of

router = guarded("/api/messages", tag="sessions")

MessageId = Annotated[str, Path(description="The answer's id, as its client knows it, or its key.")]


@router.get("/{message_id}/provenance", operation_id="getProvenance", responses=documented("not_found", "bad_id"))
async def provenance(request: Request, person: Reader, message_id: MessageId) -> ProvenanceOut:
    """Where an answer comes from: of each sentence the passages, of each passage the place, the file, the models and
    versions that made and found it, and the Dagster runs; then what was found and passed over."""
    state = state_of(request)
    check_id(message_id)
    async with state.database.transaction(as_person=person.person) as connection:
        return await provenance_of(
            connection, person.user_id, message_id, lambda run_id: dagster_url(state, person, f"/runs/{run_id}")
        )
