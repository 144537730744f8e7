"""Sources of former answers: which answer each belongs to, its number there, and what it opens. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pipelines.adoption.materials import Known, title_of
from pipelines.adoption.records import Cited, Deck
from pipelines.adoption.values import as_ms, as_page, as_text, as_uuid, made_id
from pipelines.core.records import Kind

LARGEST_HANDLE = 9999
_KINDS: Mapping[str, Kind] = {"slide": "slide", "lecture": "speech"}

_GONE: Mapping[Kind, str] = {"slide": "A deck that is no longer there", "speech": "A lecture that is no longer there"}
_FOREIGN = "Another person's deck"

FindChunk = Callable[["FormerSource"], UUID | None]
"""The passage that fits a source; None: none does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerSource:
    """A row of `ai.message_sources`."""

    key: str
    message_id: str
    session_id: str
    source_id: str
    kind: Kind
    number: int
    quote: str
    material_id: UUID | None
    page: int | None
    start_ms: int | None
    end_ms: int | None
    course_id: UUID | None
    version: int | None


def source_of(row: Mapping[str, Any], version: int | None = None) -> FormerSource | str:
    """A source; or why it is none."""
    kind = _KINDS.get(str(row.get("source_type")))
    if kind is None:
        return "unknown kind"
    number = row.get("chunk_number")
    return FormerSource(
        key=str(row.get("id")),
        message_id=as_text(row.get("message_id")) or "",
        session_id=as_text(row.get("session_id")) or "",
        source_id=as_text(row.get("source_id")) or "",
        kind=kind,
        number=number if isinstance(number, int) else 0,
        quote=as_text(row.get("content_preview")) or "",
        material_id=as_uuid(row.get("document_id" if kind == "slide" else "lecture_id")),
        page=as_page(row.get("slide_number")) if kind == "slide" else None,
        start_ms=as_ms(row.get("start_seconds")) if kind == "speech" else None,
        end_ms=as_ms(row.get("end_seconds")) if kind == "speech" else None,
        course_id=as_uuid(row.get("course_id")),
        version=version,
    )


def number_sources(sources: Iterable[FormerSource]) -> list[tuple[int, FormerSource]]:
    """The sources of one answer by their numbers: as there where it is free, otherwise after the highest."""
    given: dict[int, FormerSource] = {}
    again: list[FormerSource] = []
    for source in sorted(sources, key=lambda each: (each.number, each.source_id, each.key)):
        if 1 <= source.number <= LARGEST_HANDLE and source.number not in given:
            given[source.number] = source
        else:
            again.append(source)
    next_free = max(given, default=0) + 1
    given |= dict(enumerate(again, next_free))
    return list(given.items())


def cite(  # noqa: PLR0917
    answer: UUID,
    numbered: Sequence[tuple[int, FormerSource]],
    reader: UUID,
    course_id: UUID | None,
    known: Known,
    find: FindChunk,
) -> tuple[Cited, ...]:
    """What an answer cites, for whose chat it is in: a material that is gone or another person's is not opened."""
    return tuple(_cited(answer, handle, source, reader, course_id, known, find) for handle, source in numbered)


def is_gone(source: FormerSource, known: Known) -> bool:
    """Whether the deck or lecture did not come over."""
    return source.material_id not in known.decks and source.material_id not in known.talks


def is_foreign(source: FormerSource, reader: UUID, known: Known) -> bool:
    """Whether the deck is another person's."""
    deck = known.decks.get(source.material_id) if source.material_id else None
    return deck is not None and deck.owner_id != reader


def _cited(  # noqa: PLR0917
    answer: UUID, handle: int, source: FormerSource, reader: UUID, course_id: UUID | None, known: Known, find: FindChunk
) -> Cited:
    key = source.material_id
    found = (known.decks.get(key) or known.talks.get(key)) if key is not None else None
    named = source.course_id if source.course_id in known.courses else course_id
    name = found.file_name if isinstance(found, Deck) else title_of(found) if found is not None else ""
    foreign = is_foreign(source, reader, known)
    return Cited(
        id=made_id("source", f"{answer}/{source.key}"),  # of two chats that hold an answer each may have had it
        handle=handle,
        kind=source.kind,
        material_id=key or made_id("material", source.source_id),
        openable=found is not None and not foreign,
        course_id=found.course_id if found is not None else named,
        chunk_id=find(source) if found is not None else None,
        file_name=_GONE[source.kind] if found is None else _FOREIGN if foreign else name,
        page=source.page,
        start_ms=source.start_ms,
        end_ms=source.end_ms,
        quote=source.quote,
    )
