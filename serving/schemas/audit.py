"""The audit trail as JSON."""

from datetime import datetime
from uuid import UUID

from serving.schemas.base import Out


class AuditEventOut(Out):
    """One thing that was done, such as `role.given`, by `actorId` and about `subjectId`.

    These are null where it was nobody in particular or somebody who was erased, `courseId` where it was in no course.
    `detail`: a role, the name of a file or token, or empty.
    """

    id: int
    at: datetime
    action: str
    actor_id: UUID | None
    subject_id: UUID | None
    course_id: UUID | None
    detail: str


class AuditList(Out):
    """Events, newest first; `nextBefore` continues the list and is null at its end."""

    items: list[AuditEventOut]
    next_before: int | None
