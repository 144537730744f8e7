"""Corrections, reports of wrong sources, and the health of a course, as JSON."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from serving.schemas.base import In, Out, Told, Words
from serving.schemas.uploads import FindingOut


class PageCorrectionIn(In):
    """What a page is to say; what is not given, or null, stays as it was read. One of the two is given."""

    title: Annotated[str, StringConstraints(max_length=300), Told] | None = None
    text: Annotated[str, StringConstraints(max_length=20_000), Told] | None = None

    @model_validator(mode="after")
    def _one_is_given(self) -> "PageCorrectionIn":
        if self.title is None and self.text is None:
            raise ValueError("give a title or a text")
        return self


class TitleCorrectionIn(In):
    """What a deck or a lecture is to be called."""

    title: Annotated[str, StringConstraints(max_length=300), Told]


class LineCorrectionIn(In):
    """What a line of a transcript is to say."""

    text: Annotated[str, StringConstraints(max_length=2000), Told]


class ReportIn(In):
    """Why a source is wrong; empty: not said."""

    reason: Annotated[Words, StringConstraints(max_length=2000)] = ""


class ReportMadeOut(Out):
    """A report that is kept."""

    id: UUID


class ReportOut(Out):
    """A source that a reader reported as wrong. `page` or `startMs` say where it stands."""

    id: UUID
    upload_id: UUID
    kind: Literal["slide", "speech"]
    file_name: str
    page: int | None
    start_ms: int | None
    quote: str
    reason: str
    reported_at: datetime


class UnhealthyOut(Out):
    """A deck or lecture that failed or was not read whole. `note`: what a teacher should know of it.

    `failureCode` null: it has not failed.
    """

    id: UUID
    kind: Literal["document", "lecture"]
    file_name: str
    status: Literal["waiting", "running", "ready", "failed", "deleting"]
    failure_code: str | None
    note: str
    findings: list[FindingOut]


class UnalignedOut(Out):
    """A lecture in which no slide of the course was found to be up."""

    id: UUID
    file_name: str


class UnansweredOut(Out):
    """A question to which nothing was found: as it was asked last, and how often questions like it were asked."""

    question: str
    asked: int
    last_asked_at: datetime


class ProposedPlaceOut(Out):
    """Where a proposed question may be answered; `usual`: taken where nobody says otherwise. `cited` False: it was
    found and passed over."""

    kind: Literal["slide", "speech"]
    file: str
    page: int | None
    start_ms: int | None
    end_ms: int | None
    cited: bool
    usual: bool


class ProposalOut(Out):
    """A question proposed for the course's set: shared from a chat with its `rating`, or drafted by a `model`."""

    id: UUID
    origin: Literal["chat", "draft"]
    question: str
    rating: Literal["up", "down"] | None
    model: str | None
    proposed_at: datetime
    places: list[ProposedPlaceOut]


class TakenIn(In):
    """A proposal that is taken. `places`: numbers, from 0, of its places that answer it; []: nothing does."""

    id: UUID
    places: Annotated[list[int], Field(max_length=100)]


class ReviewIn(In):
    """What becomes of proposals: taken into the next version of the course's questions, or declined."""

    take: list[TakenIn] = Field(default_factory=list, max_length=200)
    decline: list[UUID] = Field(default_factory=list, max_length=200)


class ReviewedOut(Out):
    """What a review made. `version`: that of the course's questions from now on; null: nothing was taken."""

    taken: int
    declined: int
    version: int | None


class CourseHealthOut(Out):
    """How a course is doing, for who teaches it. `dagsterUrl`: where an engineer looks on; null: not theirs to look."""

    uploads: list[UnhealthyOut]
    lectures_without_slides: list[UnalignedOut]
    questions: list[UnansweredOut]
    reports: list[ReportOut]
    proposals: list[ProposalOut]
    dagster_url: str | None
