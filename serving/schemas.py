"""The JSON that routes take and give, in the camelCase frontends write."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, StringConstraints
from pydantic.alias_generators import to_camel

from pipelines.core.access import Role
from serving.chat.parts import clean


def _ahead(at: datetime) -> datetime:
    if at <= datetime.now(UTC):
        raise ValueError("must be in the future")
    return at


def _label(text: str) -> str:
    text = clean(text).strip()
    if not text:
        raise ValueError("must not be empty")
    return text


Words = Annotated[str, AfterValidator(clean)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_label)]
AwareFuture = Annotated[AwareDatetime, AfterValidator(_ahead)]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class Out(BaseModel):
    """What goes out."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, from_attributes=True)


class In(BaseModel):
    """What comes in; a field that is not there is refused, so nothing can be set in passing."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class CourseOut(Out):
    """A course of this person and their role in it. `open`: anybody signed in may join; `archived`: it is over."""

    id: UUID
    name: str
    language: str | None
    code: str | None
    term: str | None
    instructor: str | None
    open: bool
    students_add_lectures: bool
    archived: bool
    role: Role


class CourseList(Out):
    """All courses of this person, by name."""

    items: list[CourseOut]


class OpenCourseOut(Out):
    """A course that anybody signed in may join. `role` null: this person does not belong to it."""

    id: UUID
    name: str
    language: str | None
    code: str | None
    term: str | None
    instructor: str | None
    role: Role | None


class OpenCourseList(Out):
    """Open courses, by name."""

    items: list[OpenCourseOut]


class CourseIn(In):
    """A new course. `open`: anybody signed in may join; others come by invitation. `language`: such as `de`."""

    name: Label
    code: Label | None = None
    term: Label | None = None
    instructor: Label | None = None
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")] | None = None
    open: bool = False
    students_add_lectures: bool = False


class CoursePatch(In):
    """What may be changed of a course; what is not given stays. `archived`: nobody finds or joins it any more."""

    name: Label = ""
    code: Label | None = None
    term: Label | None = None
    instructor: Label | None = None
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")] | None = None
    open: bool = False
    students_add_lectures: bool = False
    archived: bool = False


class MemberOut(Out):
    """A person in a course. `name` and `email` null: not known, or not theirs to know who asks."""

    user_id: UUID
    name: str | None
    email: str | None
    role: Role
    joined_at: datetime


class MemberList(Out):
    """Members, owners and teachers first."""

    items: list[MemberOut]


class RoleIn(In):
    """The role a member is to have."""

    role: Role


class InvitationIn(In):
    """A new invitation. `uses`: how many may come with it; `expiresAt`: until when; null: without end."""

    role: Role
    uses: Annotated[int, Field(ge=1, le=100_000)] | None = None
    expires_at: AwareFuture | None = None


class InvitationMadeOut(Out):
    """A new invitation: `url` is the address to hand on, `code` its end."""

    id: UUID
    code: str
    url: str


class InvitationOut(Out):
    """An invitation without its code. `usesLeft` and `expiresAt` null: without end."""

    id: UUID
    role: Role
    uses_left: int | None
    expires_at: datetime | None
    created_at: datetime


class InvitationList(Out):
    """Invitations, newest first."""

    items: list[InvitationOut]


class JoinedOut(Out):
    """The course somebody came into, and their role there."""

    course_id: UUID
    role: Role


class HitOut(Out):
    """A passage. `relevant`: it has to do with the question; the links open the slide or the recording.

    `boxes` say where its words stand on the page: left, top, right, bottom in shares of the picture; [] where nobody
    knows.
    """

    rank: int
    score: float
    relevant: bool
    chunk_id: UUID
    kind: Literal["slide", "speech"]
    title: str
    file_name: str
    where: str
    text: str
    page: int | None
    pages: list[int]
    page_label: str | None
    start_ms: int | None
    end_ms: int | None
    document_id: UUID | None
    lecture_id: UUID | None
    boxes: list[tuple[float, float, float, float]]
    image_url: str | None
    media_url: str | None


class HitList(Out):
    """Passages, best first."""

    items: list[HitOut]


class SessionOut(Out):
    """A chat. `archived`: it is put away, and only in the list of those."""

    id: str
    title: str
    course_id: UUID | None
    created_at: datetime
    updated_at: datetime
    archived: bool = False
    answering: bool = False


class SessionList(Out):
    """Chats, newest first; `nextBefore` continues the list and is null at its end."""

    items: list[SessionOut]
    next_before: str | None


class SessionIn(In):
    """A new chat; without an id one is made."""

    course_id: UUID
    id: Id | None = None
    title: Annotated[Words, StringConstraints(max_length=200)] = ""


class SessionPatch(In):
    """What may be changed: the title, which branch is shown (the key of any message of it), is it put away?"""

    title: Annotated[Words, StringConstraints(min_length=1, max_length=200)] | None = None
    branch: UUID | None = None
    archived: bool | None = None


class MessageOut(Out):
    """A UI message of the AI SDK. `metadata` has createdAt, status, key, versions, feedback, usage and cost."""

    id: str
    role: Literal["user", "assistant"]
    metadata: dict[str, Any]
    parts: list[dict[str, Any]]


class MessageList(Out):
    """Messages of the shown branch, oldest first; `nextBefore` asks for older ones and is null at the beginning."""

    items: list[MessageOut]
    next_before: UUID | None


class BranchOut(Out):
    """The end of one branch; `key` shows it by `PATCH /api/sessions/{id}`."""

    key: UUID
    message_id: str
    role: Literal["user", "assistant"]
    preview: str
    created_at: datetime
    shown: bool


class BranchList(Out):
    """All branches of a chat, newest first."""

    items: list[BranchOut]


class FeedbackIn(In):
    """Thumbs, and why."""

    rating: Literal["up", "down"]
    reason: Annotated[Words, StringConstraints(max_length=2000)] | None = None


class SourceOut(Out):
    """A cited passage. `changed`: the course no longer holds these words, so what the links open may differ; `removed`:
    its file was deleted, and there is nothing to open. `boxes`: as in a search result."""

    id: UUID
    handle: int
    kind: Literal["slide", "speech"]
    title: str
    file_name: str
    where: str
    quote: str
    page: int | None
    page_label: str | None
    start_ms: int | None
    end_ms: int | None
    document_id: UUID | None
    lecture_id: UUID | None
    chunk_id: UUID
    changed: bool
    removed: bool
    boxes: list[tuple[float, float, float, float]]
    image_url: str | None
    media_url: str | None


class StageOut(Out):
    """One stage of processing. `endedAt` null: at work. `note`: how far it has come or, where it is `waiting` to be
    tried again, why."""

    name: str
    began_at: datetime
    ended_at: datetime | None
    note: str | None
    waiting: bool


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
    `durationMs` null: not known (yet).
    """

    id: UUID
    kind: Literal["document", "lecture"]
    course_id: UUID
    file_name: str
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


class PasswordIn(In):
    """The password of a protected PDF. It is kept sealed, and never told again."""

    password: Annotated[SecretStr, Field(min_length=1, max_length=1000)]


class StopOut(Out):
    """Whether an answer was being written and has been told to stop."""

    stopped: bool


class ReadyOut(Out):
    """Whether the service can answer, and what of it can."""

    ready: bool
    checks: dict[str, bool] = Field(default_factory=dict)
    warnings: list[str] = Field(default_factory=list)


class OpenRouterOut(Out):
    """Whether a key of OpenRouter is connected, and what it is called there."""

    connected: bool
    label: str | None


class MeOut(Out):
    """Who asks. `name` and `email` null: the issuer did not say. `operator`: may use operators' routes."""

    id: UUID
    name: str | None
    email: str | None
    operator: bool
    openrouter: OpenRouterOut


class TokenIn(In):
    """A new personal access token. `expiresAt` null: it has no end."""

    name: Label
    scopes: Annotated[list[Literal["read", "chat", "upload"]], Field(min_length=1, max_length=10)]
    expires_at: AwareFuture | None = None


class TokenMadeOut(Out):
    """A new token; `token` is its secret."""

    id: UUID
    token: str


class TokenOut(Out):
    """A token without its secret. `usedAt`: its last use, to some minutes; null: none."""

    id: UUID
    name: str
    scopes: list[Literal["read", "chat", "upload"]]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


class TokenList(Out):
    """Tokens of this person, newest first."""

    items: list[TokenOut]


class SignInOut(Out):
    """`byPage`: at the issuer's page, by `GET /api/auth/sign-in`; else by `studybuddy open` on the machine itself."""

    by_page: bool


class SignOutIn(In):
    """`everywhere`: in all browsers."""

    everywhere: bool = False


class TicketIn(In):
    """What stands behind `#ticket=` in the address."""

    ticket: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]


class ChatBody(Out):
    """What the AI SDK's `DefaultChatTransport` posts. Of the messages only the last question is read.

    `sourceIds`: at most 50 decks and lectures of the course to stay within. A question keeps its own: who asks again
    without any is answered from the same ones, and an empty list is the whole course.
    """

    id: Id
    messages: list[dict[str, Any]] = Field(default_factory=list)
    message: dict[str, Any] | None = None
    trigger: Literal["submit-message", "regenerate-message"] = "submit-message"
    message_id: Id | None = None
    course_id: UUID | None = None
    source_ids: list[UUID] | None = None
