"""Decks and lectures as JSON: how far each has come, what of it could not be read, what may be changed."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, SecretStr, StringConstraints

from serving.schemas.base import In, Out


class StageOut(Out):
    """One stage of processing. `endedAt` null: at work. `note`: how far it has come or, where it is `waiting` to be
    tried again, why. `done` of `total`: how far as numbers, of pages, of pictures (`recognised_slides`), of
    milliseconds of a recording, or of megabytes of one that is fetched (`lecture_audio`); null where nothing is
    counted."""

    name: str
    began_at: datetime
    ended_at: datetime | None
    note: str | None
    waiting: bool
    done: int | None
    total: int | None


class TimeOut(Out):
    """A stretch of a recording, in milliseconds."""

    start_ms: int
    end_ms: int


class FindingOut(Out):
    """Something that could not be read, and everywhere it is: pages, or times. `advice`: what to do."""

    code: str
    sentence: str
    advice: str
    pages: list[int]
    times: list[TimeOut]


class UploadOut(Out):
    """A deck or a lecture. `status`: `ready` can be searched, `deleting` is told of what has gone.

    `published`: it is the course's; otherwise its owner's alone, who may have `offered` it. `releaseAt`: from when
    students see what is published; null: at once. `note`: what a person should know of it; empty: nothing. `pages` and
    `durationMs` null: not known (yet). `sourceName`: the file's name with the folders it came in, if any.
    """

    id: UUID
    kind: Literal["document", "lecture"]
    course_id: UUID
    file_name: str
    source_name: str
    byte_count: int
    uploaded_at: datetime
    status: Literal["waiting", "running", "ready", "failed", "deleting"]
    failure_code: str | None
    note: str
    stages: list[StageOut]
    findings: list[FindingOut]
    pages: int | None
    duration_ms: int | None
    own: bool
    published: bool
    offered: bool
    release_at: datetime | None


class UploadList(Out):
    """Decks, or lectures, by name."""

    items: list[UploadOut]


class UploadPatch(In):
    """What may be changed of a deck or lecture; what is not given stays.

    `releaseAt`: from when students see it; null: at once. `courseId`: move it there. The upload is then another one,
    with another id; the old one is deleted.
    """

    file_name: Annotated[str, StringConstraints(min_length=1, max_length=255)] = ""
    release_at: AwareDatetime | None = None
    course_id: UUID | None = None


class PublishIn(In):
    """How an upload is published. `releaseAt`: from when students see it; null: at once."""

    release_at: AwareDatetime | None = None


class PasswordIn(In):
    """The password of a protected PDF. It is kept sealed, and never told again."""

    password: Annotated[SecretStr, Field(min_length=1, max_length=1000)]
