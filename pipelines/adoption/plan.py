"""Plan of what becomes of every former row: units to write, and rows left out with their reasons.

One pass over one snapshot. A dry run counts what comes by; applying, syncing and verifying take the same pass, so that
what was announced is what is done.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, islice
from typing import Any
from uuid import UUID

from pipelines.adoption.changes import Changes
from pipelines.adoption.chats import (
    FormerChat,
    Unfolded,
    UnreadableChat,
    client_id_of,
    course_of,
    times_of,
    title_of,
    unfold,
    why_left_out,
)
from pipelines.adoption.chunks import Sorted, sort_chunks, why_no_source
from pipelines.adoption.former import CHUNKS, SESSIONS, SOURCES, Former
from pipelines.adoption.materials import (
    Known,
    Row,
    course_of_row,
    deck_of,
    listing_of,
    membership_of,
    person_of,
    talk_of,
)
from pipelines.adoption.places import CitedPlaces
from pipelines.adoption.records import AdoptedPerson, Chat, Deck, LeftOut, RowKey, Talk, Unit
from pipelines.adoption.sources import FormerSource, cite, is_foreign, is_gone, number_sources, source_of
from pipelines.adoption.values import as_uuid, made_id
from pipelines.core.records import Kind

BATCH = 50
"""Chats whose sources are looked up at once."""
CHUNKS_AT_ONCE = 2000

Item = Unit | LeftOut


class Plan:
    """One pass over the former rows.

    `only`: the changes that alone are looked at; None: everything is. It becomes None when courses have come or gone,
    on which everything may hang.
    """

    def __init__(self, former: Former, only: Changes | None = None) -> None:
        self._former, self.known, self.only = former, Known(), only
        self._cited = CitedPlaces()
        self._read: set[UUID] = set()  # decks and lectures whose chunks were
        self._attached: set[int] = set()  # hashes of keys of sources that have found their answer
        self._why: dict[str, str] = {}  # of sources that name a message and are none of an answer
        self._taken: set[str] = set()  # of those that came to another chat than they name

    def items(self) -> Iterator[Item]:
        """Everything, in order."""
        yield from self._people()
        yield from self._simple("courses", course_of_row, lambda course: self.known.courses.add(course.id))
        yield from self._simple("user_courses", lambda row: membership_of(row, self.known))
        if self.only is not None and self.only.others(self.known.courses):
            self.only = None
        yield from self._materials()
        yield from self._simple("user_lectures", lambda row: listing_of(row, self.known))
        self._cited = CitedPlaces.read(self._former)
        yield from self._chunks("slide", self.known.decks)
        yield from self._chunks("speech", self.known.talks)
        yield from self._chats()
        yield from self._other_sources()

    def _materials(self) -> Iterator[Item]:
        decks = self._simple("documents", self._deck, lambda deck: self.known.decks.__setitem__(deck.id, deck))
        talks = self._simple(
            "lectures",
            lambda row: talk_of(row, self.known),
            lambda talk: self.known.talks.__setitem__(talk.id, talk),
        )
        for item in chain(decks, talks):
            if self.only is not None:
                self.only.see(item)
            yield item

    def _people(self) -> Iterator[Item]:
        yield from self._simple("users", person_of, lambda person: self.known.people.add(person.id))
        for text in self._former.chatters():
            key = as_uuid(text)
            if key is not None and key not in self.known.people:
                yield self._without_row(key, "people without a users row", chats=True)
        for row in self._former.rows("documents"):
            key = as_uuid(row.get("owner_id"))
            if key is not None and key not in self.known.people:
                yield self._without_row(key, "people who only own a deck")

    def _without_row(self, key: UUID, why: str, *, chats: bool = False) -> Unit:
        self.known.people.add(key)
        return Unit(record=AdoptedPerson(id=key), rows=(), chats=chats, noted={why: 1})

    def _deck(self, row: Row) -> Deck | str:
        return deck_of(row, self.known)

    def _simple(
        self, table: str, make: Callable[[Row], Any], remember: Callable[[Any], object] = lambda _: None
    ) -> Iterator[Item]:
        """One unit a row."""
        times: Counter[str] = Counter()
        for row in self._former.rows(table):
            name = _key_of(table, row)
            times[name] += 1
            if times[name] > 1:  # a table without its key
                yield LeftOut(row=RowKey(table=table, key=f"{name} ({times[name]})"), reason="duplicate")
                continue
            key, made = RowKey(table=table, key=name), make(row)
            if isinstance(made, str):
                yield LeftOut(row=key, reason=made)
            else:
                remember(made)
                yield Unit(record=made, rows=(key,))

    def _chunks(self, kind: Kind, sources: Mapping[UUID, Any]) -> Iterator[Item]:
        table = CHUNKS[kind]
        for text, places in self._former.chunk_groups(kind, self.only.materials(kind) if self.only else None):
            source: Deck | Talk | None = sources.get(as_uuid(text)) if as_uuid(text) else None  # type: ignore[arg-type]
            if source is None:
                yield from self._sourceless(kind, places)
                continue
            found = self._sorted(kind, source, places)
            for row, reason in found.left_out:
                yield LeftOut(row=RowKey(table=table, key=row.key, version=row.version), reason=reason)
            if found.kept:
                yield Unit(
                    record=found.passages,
                    rows=tuple(RowKey(table=table, key=row.key, version=row.version) for _, row in found.kept),
                    vectors={key: row.place for key, row in found.kept if not row.lack},
                    noted=Counter(row.lack for _, row in found.kept if row.lack),
                )

    def _sorted(self, kind: Kind, source: Deck | Talk, places: list[str]) -> Sorted:
        """The chunks of a deck or lecture, which sources may be about from now on."""
        rows = [row for part in _parts(places) for row in self._former.chunks(kind, part)]
        found = sort_chunks(source, rows)
        self._read.add(source.id)
        self._cited.remember(found.passages)
        return found

    def _sourceless(self, kind: Kind, places: list[str]) -> Iterator[LeftOut]:
        for part in _parts(places):
            for row in self._former.chunks(kind, part):
                reason = why_no_source(row.meta_data, kind, self.known)
                yield LeftOut(row=RowKey(table=CHUNKS[kind], key=row.key, version=row.version), reason=reason)

    def _chats(self) -> Iterator[Item]:
        rows = self._former.chats(self.only.chats() if self.only else None)
        while batch := list(islice(rows, BATCH)):
            unfolded = [(row, unfold(row)) for row in batch if isinstance(row, FormerChat)]
            for broken in (row for row in batch if isinstance(row, UnreadableChat)):
                key = RowKey(table=SESSIONS, key=broken.session_id, version=broken.version)
                yield LeftOut(row=key, reason="unreadable")
            sources = self._sources_of(unfolded)
            self._read_cited([source for of in sources.values() for each in of.values() for source in each])
            for row, said in unfolded:
                reason, key = why_left_out(row), RowKey(table=SESSIONS, key=row.session_id, version=row.version)
                if reason is not None:
                    yield LeftOut(row=key, reason=reason)
                    continue
                mine = sources.get(row.session_id, {})
                record = self._chat(row, said, mine)
                keys = [
                    RowKey(table=SOURCES, key=source.key, version=source.version)
                    for each in mine.values()
                    for source in each
                ]
                yield Unit(record=record, rows=(key, *keys), noted=said.noted)

    def _read_cited(self, sources: list[FormerSource]) -> None:
        """Where only changes are looked at: the chunks of decks and lectures that these sources are about."""
        if self.only is None:
            return
        materials: tuple[tuple[Kind, Mapping[UUID, Deck | Talk]], ...] = (
            ("slide", self.known.decks),
            ("speech", self.known.talks),
        )
        for kind, known in materials:
            named = ({source.material_id for source in sources if source.material_id} - self._read) & known.keys()
            for text, places in self.only.groups(kind, named):
                self._sorted(kind, known[UUID(text)], places)
            self._read |= named

    def _sources_of(self, chats: list[tuple[FormerChat, Unfolded]]) -> dict[str, dict[UUID, list[FormerSource]]]:
        """Of each chat of a batch, the sources of its answers; notes why others are none of an answer."""
        holders: dict[str, list[tuple[FormerChat, Unfolded]]] = {}
        for chat, said in chats:
            for message_id in (*said.steps, *said.others):
                holders.setdefault(message_id, []).append((chat, said))
        found: dict[str, dict[UUID, list[FormerSource]]] = {}
        for row, version in self._former.sources(list(holders)):
            source = source_of(row, version)
            if isinstance(source, str):
                self._why[str(row.get("id"))] = source
                continue
            place = self._holder(source, holders[source.message_id])
            if place is None:
                continue
            chat, said = place
            self._attached.add(hash(source.key))
            found.setdefault(chat.session_id, {}).setdefault(said.steps[source.message_id], []).append(source)
        return found

    def _holder(
        self, source: FormerSource, holders: list[tuple[FormerChat, Unfolded]]
    ) -> tuple[FormerChat, Unfolded] | None:
        """The chat among these whose answer has the source: the one that it names, else the first."""
        answering = [(chat, said) for chat, said in holders if source.message_id in said.steps]
        if not answering:
            self._why.setdefault(source.key, "message is not an answer")
            return None
        adopted = [(chat, said) for chat, said in answering if why_left_out(chat) is None]
        if not adopted:
            self._why[source.key] = "its chat is left out"
            return None
        named = [each for each in adopted if each[0].session_id == source.session_id]
        if named:
            return named[0]
        if source.key in self._taken or self._former.holds(source.session_id, source.message_id):
            return None
        self._taken.add(source.key)
        adopted[0][1].noted["sources that name another session than their message's"] += 1
        return adopted[0]

    def _chat(self, row: FormerChat, said: Unfolded, sources: Mapping[UUID, list[FormerSource]]) -> Chat:
        reader, course = as_uuid(row.user_id), course_of(row)
        assert reader is not None  # noqa: S101  `why_left_out` has looked
        course = course if course in self.known.courses else None
        created_at, updated_at = times_of(row)
        messages = []
        for message in said.messages:
            numbered = number_sources(sources.get(message.key, ()))
            for handle, source in numbered:
                said.noted["sources given another number"] += handle != source.number
                said.noted["sources whose deck or lecture is gone"] += is_gone(source, self.known)
                said.noted["sources on another person's deck"] += is_foreign(source, reader, self.known)
            cited = cite(message.key, numbered, reader, course, self.known, self._cited.find)
            messages.append(replace(message, cited=cited))
        return Chat(
            id=made_id("chat", row.session_id),
            user_id=reader,
            client_id=client_id_of(row.session_id),
            course_id=course,
            title=title_of(row),
            created_at=created_at,
            updated_at=updated_at,
            head_key=messages[-1].key if messages else None,
            messages=tuple(messages),
        )

    def _other_sources(self) -> Iterator[LeftOut]:
        """Sources that no answer has."""
        for key, row, version in self._former.source_ids(self.only.sources() if self.only else None):
            if hash(key) not in self._attached:
                made = source_of(row)
                reason = made if isinstance(made, str) else self._why.get(key, "message gone")
                yield LeftOut(row=RowKey(table=SOURCES, key=key, version=version), reason=reason)


def _key_of(table: str, row: Row) -> str:
    if table == "user_courses":
        return f"{row.get('user_id')} {row.get('course_id')}"
    if table == "user_lectures":
        return f"{row.get('user_id')} {row.get('lecture_id')}"
    return str(row.get("id"))


def _parts(places: list[str]) -> Iterator[list[str]]:
    for at in range(0, len(places), CHUNKS_AT_ONCE):
        yield places[at : at + CHUNKS_AT_ONCE]
