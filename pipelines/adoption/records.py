"""Records of adoption: what a former row means, in the values that are kept here.

The same record is made from the former rows and read back from ours, so that the two can be compared.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pipelines.adoption.values import LONGEST_NAME
from pipelines.core.records import Kind

Status = Literal["done", "stopped", "interrupted", "error"]
TalkState = Literal["ready", "unfinished", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptedPerson:
    """A person. `created_at` None: they had no row there and only chatted, or own a deck."""

    id: UUID
    created_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptedCourse:
    """A course; `name` is its former title."""

    id: UUID
    name: str
    code: str
    instructor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """A person takes a course, as a student."""

    user_id: UUID
    course_id: UUID
    role: str = "student"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deck:
    """A deck, private to its owner. `failed`: the former system could not read it."""

    id: UUID
    course_id: UUID
    owner_id: UUID
    file_name: str
    byte_count: int
    failed: bool
    created_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A lecture. `title` "": it had none; `failure` says why where it failed."""

    id: UUID
    course_id: UUID
    title: str
    url: str | None
    duration_ms: int | None
    state: TalkState
    failure: str
    created_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A person has added a lecture to their list."""

    user_id: UUID
    lecture_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A chunk of a deck (`page`) or a lecture (times). `vector`: it has one in the chosen set."""

    id: UUID
    ordinal: int
    text: str
    page: int | None
    start_ms: int | None
    end_ms: int | None
    vector: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Passages:
    """All chunks of one deck or lecture, in order. `title`: what that is called."""

    course_id: UUID
    source_id: UUID
    kind: Kind
    title: str
    items: tuple[Passage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """A source of an answer. `material_id` is the deck or lecture that it names; `openable`: it may be opened from
    here. `chunk_id` None: no passage fits."""

    id: UUID
    handle: int
    kind: Kind
    material_id: UUID
    openable: bool
    course_id: UUID | None
    chunk_id: UUID | None
    file_name: str
    page: int | None
    start_ms: int | None
    end_ms: int | None
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message: a question, or a whole answer with its steps. `parts` are UI message parts, without sources."""

    key: UUID
    id: str
    role: Literal["user", "assistant"]
    status: Status
    text: str
    parts: Sequence[Mapping[str, Any]]
    metadata: Mapping[str, Any]
    created_at: datetime
    cited: tuple[Cited, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """A chat with its messages in order."""

    id: UUID
    user_id: UUID
    client_id: str
    course_id: UUID | None
    title: str
    created_at: datetime
    updated_at: datetime
    head_key: UUID | None
    messages: tuple[Said, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowKey:
    """A former row: its table and its key as text, `short` enough for an index. `version`: another one whenever the row
    has changed; None: it is looked at every time, or again."""

    table: str
    key: str
    version: int | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if len(self.key) > LONGEST_NAME:
            digest = hashlib.sha256(self.key.encode()).hexdigest()
            object.__setattr__(self, "key", f"{self.key[:100]}... {digest}")


Record = AdoptedPerson | AdoptedCourse | Membership | Deck | Talk | Listing | Passages | Chat


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What is written, compared and undone as a whole, and the former rows in it. `chats`: of a person without a row
    who has a chat. `vectors`: where those of its passages lie there. `noted`: what of it is worth a line in the
    report."""

    record: Record
    rows: tuple[RowKey, ...]
    chats: bool = False
    vectors: Mapping[UUID, str] = field(default_factory=dict, compare=False)
    noted: Mapping[str, int] = field(default_factory=dict, compare=False)

    @property
    def id(self) -> str:
        """What it is called in the ledger."""
        return unit_id(self.record)


def unit_id(record: Record) -> str:
    """What a unit is called in the ledger; it never changes."""
    match record:
        case Membership():
            return f"membership:{record.user_id} {record.course_id}"
        case Listing():
            return f"listing:{record.user_id} {record.lecture_id}"
        case Passages():
            return f"{record.kind}s:{record.source_id}"
    return f"{KINDS[type(record)]}:{record.id}"


KINDS: Mapping[type, str] = {
    AdoptedPerson: "person", AdoptedCourse: "course", Membership: "membership", Deck: "deck", Talk: "talk",
    Listing: "listing", Passages: "passages", Chat: "chat",
}  # fmt: skip
"""What units are called, in the order in which they stand on each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A former row that nothing becomes of."""

    row: RowKey
    reason: str
