"""People and the service itself as operators see them, in JSON."""

from datetime import datetime
from uuid import UUID

from serving.schemas.base import In, Out


class PersonOut(Out):
    """A person and how much hangs on them. `name`, `email`, `subject` null: not known.

    `operator`: may use operators' routes; `namedOperator`: because the setting OPERATORS names them, which no request
    changes. `suspendedAt` null: they are not.
    """

    id: UUID
    name: str | None
    email: str | None
    subject: str | None
    operator: bool
    named_operator: bool
    suspended_at: datetime | None
    created_at: datetime
    courses: int
    uploads: int
    byte_count: int


class PersonList(Out):
    """People by name, the first of them; `found`: how many there are in all."""

    items: list[PersonOut]
    found: int


class PersonPatch(In):
    """What to change of a person; what is null or left out stays."""

    suspended: bool | None = None
    operator: bool | None = None


class LimitsOut(Out):
    """What people and courses may use: megabytes of uploads, US dollars a day (null: no cap), requests a minute."""

    person_quota_mb: int
    course_quota_mb: int
    person_daily_usd: float | None
    course_daily_usd: float | None
    requests_per_minute: int


class ServiceOut(Out):
    """The service as it is now.

    `versions` by name; `checks`: what has to be so for it to answer, `dagster` only where it runs on this machine;
    `warnings`: sentences; `counts`: how much there is; `freeBytes`: room where files are kept; `answering`: how many
    answers this process is writing.
    """

    versions: dict[str, str]
    checks: dict[str, bool]
    warnings: list[str]
    counts: dict[str, int]
    limits: LimitsOut
    free_bytes: int
    answering: int
    dagster_url: str | None
