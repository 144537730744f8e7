"""Uploads as people see them: how far each has come, what of it could not be read, whose it is."""

from collections.abc import Mapping
from functools import partial
from typing import Literal
from uuid import UUID

from pipelines.core.materials import Material, MaterialState, list_materials
from pipelines.core.postgres import Connection
from pipelines.core.publishing import place_of
from pipelines.core.records import Scope
from pipelines.core.stages import Stage
from pipelines.core.uploads import UploadKind
from serving.accounts.people import Principal
from serving.core import Core
from serving.schemas.uploads import FindingOut, StageOut, UploadOut

_STATUS: Mapping[MaterialState, Literal["waiting", "running", "ready", "failed"]] = {
    "waiting": "waiting", "processing": "running", "ready": "ready", "empty": "ready", "failed": "failed",
}  # fmt: skip


def shown(material: Material, person: Principal) -> UploadOut:
    """An upload for who sees it."""
    stages = [Stage.from_json(name, value) for name, value in material.stages.items()] if material.begun else []
    return UploadOut(
        id=material.id,
        kind="document" if material.kind == "deck" else "lecture",
        course_id=material.course_id,
        file_name=material.file_name,
        source_name=material.source_name,
        byte_count=material.byte_count,
        uploaded_at=material.uploaded_at,
        status=_STATUS[material.state],
        failure_code=material.failure_code,
        note=material.note,
        stages=[StageOut.model_validate(each) for each in sorted(stages, key=lambda stage: stage.began_at)],
        findings=[FindingOut(**group.as_json()) for group in material.findings],
        pages=material.pages or None,
        duration_ms=material.duration_ms,
        own=material.owner_id == person.user_id,
        published=material.published,
        offered=material.offered_at is not None,
        release_at=material.release_at,
    )


async def list_shown(core: Core, person: Principal, course_id: UUID) -> list[UploadOut]:
    """Every deck and lecture of a course that the person sees, by name. The caller has checked that it is theirs."""
    scope = Scope(course_id=course_id, person=person.person)
    found = await core.run(person, partial(list_materials, scope=scope))
    return [shown(material, person) for material in found]


async def get_shown(core: Core, person: Principal, kind: UploadKind, upload_id: UUID) -> UploadOut:
    """One upload.

    Raises:
        NotFoundError: there is none for them.
    """

    def find(connection: Connection) -> Material:
        place = place_of(connection, person.person, kind, upload_id)
        scope = Scope(course_id=place.course_id, person=person.person, source_ids=(upload_id,))
        return list_materials(connection, scope)[0]

    return shown(await core.run(person, find), person)
