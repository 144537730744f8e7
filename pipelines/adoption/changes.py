"""Changes in the former tables since they were last looked at: the rows whose version is another than the ledger's.

People, courses, memberships, decks and lectures are few and are always read; of passages, chats and sources only what
has changed is, and whatever that touches: the chats that cite a changed deck, the chat that lost a source to another.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pipelines.adoption.chats import FormerChat, unfold
from pipelines.adoption.former import CHUNKS, NAMED, SESSIONS, SOURCES, Former, short_key
from pipelines.adoption.ledger import Ledger
from pipelines.adoption.records import Deck, LeftOut, Talk, Unit
from pipelines.adoption.values import fingerprint
from pipelines.core.records import Kind

MOST = 20_000
"""Changed rows of a table up to which it is worth to look at these alone."""
_TABLES: dict[Kind, str] = {"slide": "documents", "speech": "lectures"}
_UNITS: dict[Kind, str] = {"slide": "deck", "speech": "talk"}


@dataclass(slots=True)
class Changes:
    """What is to be read again. Made by `find_changes`; then told of every deck and lecture (`see`), and asked.

    `gone`: rows of the ledger, as table and key, that are there no more. `units`: units of passages and chats that are
    read again, or gone.
    """

    _former: Former
    _ledger: Ledger
    gone: set[tuple[str, str]] = field(default_factory=set)
    units: set[str] = field(default_factory=set)
    _materials: dict[Kind, set[str]] = field(default_factory=lambda: {"slide": set(), "speech": set()})
    _seen: set[str] = field(default_factory=set)
    _sessions: set[str] = field(default_factory=set)
    _sources: set[str] = field(default_factory=set)

    def others(self, courses: set[UUID]) -> bool:
        """Whether there are other courses than before."""
        before = {unit for unit in self._ledger.units if unit.startswith("course:")}
        return before != {f"course:{key}" for key in courses}

    def see(self, item: Unit | LeftOut) -> Unit | LeftOut:
        """Take note of a deck or lecture; the passages of one that is other than it was are read again."""
        if isinstance(item, LeftOut):
            kind: Kind = "slide" if item.row.table == _TABLES["slide"] else "speech"
            key, same = item.row.key, self._ledger.left_out.get((item.row.table, item.row.key)) == item.reason
        else:
            assert isinstance(item.record, Deck | Talk)  # noqa: S101
            kind = "slide" if isinstance(item.record, Deck) else "speech"
            key, same = str(item.record.id), self._ledger.units.get(item.id) == fingerprint(item.record)
        self._seen.add(f"{kind} {key}")
        if not same:
            self._materials[kind].add(key)
        return item

    def materials(self, kind: Kind) -> list[str]:
        """Ids, as texts, of the decks or lectures whose passages are read again."""
        before = {key for table, key in self._ledger.left_out if table == _TABLES[kind]}
        before |= {unit.partition(":")[2] for unit in self._ledger.units if unit.startswith(f"{_UNITS[kind]}:")}
        self._materials[kind] |= {key for key in before if f"{kind} {key}" not in self._seen}
        self.units |= {f"{kind}s:{key}" for key in self._materials[kind]}
        return sorted(self._materials[kind])

    def chats(self) -> list[str]:
        """Keys of the chats that are read again: changed ones, those whose sources have changed or cite what has, and
        those that a source came from or may go to."""
        cited = [key for keys in self._materials.values() for key in keys]
        self._sources |= {key for (key,) in self._ask("sources_citing", ids=cited)} if cited else set()
        held: dict[str, set[str]] = {}
        self._sessions |= self._holding(self._sources)
        looked, searched = set[str](), set[str]()
        while fresh := self._sessions - looked:
            looked |= fresh
            known = [unit for (unit,) in self._ask("units_of_chats", keys=list(fresh))]
            self.units |= set(known)
            self._sources |= {key for (key,) in self._ask("sources_of_units", units=known)}
            for chat in self._former.chats(list(fresh)):
                said = unfold(chat) if isinstance(chat, FormerChat) else None
                for message in (*said.steps, *said.others) if said is not None else ():
                    held.setdefault(message, set()).add(chat.session_id)
            self._sources |= {key for (key,) in self._ask("sources_of_messages", ids=list(held))}
            self._sessions |= self._holding(self._sources)
            named = self._ask("messages_of_sources", keys=list(self._sources))
            lost = {message for message, session in named if session not in held.get(message, ())} - searched
            if lost:
                searched |= lost
                self._sessions |= {key for (key,) in self._ask("chats_holding", ids=list(lost))}
        return sorted(self._sessions)

    def sources(self) -> list[str]:
        """Keys of the sources that are looked at, after `chats`."""
        return sorted(self._sources)

    def looks_at(self, unit: str) -> bool:
        """Whether a unit was read again if it is there still: all but passages and chats always are."""
        return unit in self.units or not unit.startswith(("slides:", "speechs:", "chat:"))

    def groups(self, kind: Kind, materials: set[UUID]) -> list[tuple[str, list[str]]]:
        """As `Former.chunk_groups`, of decks or lectures of which nothing has changed: where the ledger has their
        chunks."""
        if not materials or CHUNKS[kind] not in self._former.tables:
            return []
        names = {"table": CHUNKS[kind], "units": [f"{kind}s:{key}" for key in materials]}
        return self._former.ask("former_groups_of_units", names, table=CHUNKS[kind], name=NAMED[kind])

    def _ask(self, name: str, **parameters: list[str]) -> list[Any]:
        """Keys, or other texts, of a statement about chats and sources."""
        if SESSIONS not in self._former.tables or SOURCES not in self._former.tables:
            return []
        columns = {"source": "t.id", "source_s": "s.id", "session": "t.session_id"}
        put_in = {place: short_key(column) for place, column in columns.items()}
        return self._former.ask(name, parameters, **put_in)

    def _holding(self, sources: set[str]) -> set[str]:
        """Chats that the ledger says have these sources, and those that the sources name."""
        found = self._ask("chats_of_sources", keys=list(sources)) if sources else []
        return {key for (key,) in found}

    def _take(self, table: str, rows: Sequence[tuple[str | None, str | None, str | None, str | None]]) -> None:
        """Take note of the rows of a table that have changed: key, place, key in the ledger, unit there."""
        self.gone |= {(table, before) for key, _, before, _ in rows if key is None and before is not None}
        if table == SESSIONS:
            self._sessions |= {key for now, _, before, _ in rows if (key := now or before)}
        elif table == SOURCES:
            self._sources |= {key for now, _, before, _ in rows if (key := now or before)}
        else:
            kind: Kind = "slide" if table == CHUNKS["slide"] else "speech"
            units = {unit for _, _, _, unit in rows if unit}
            places = [place for _, place, _, _ in rows if place is not None]
            names = {"table": table, "name": NAMED[kind]}
            named = self._former.ask("former_material_names", {"places": places}, **names) if places else []
            self._materials[kind] |= {unit.partition(":")[2] for unit in units} | {name for (name,) in named}


def find_changes(former: Former, ledger: Ledger) -> Changes | None:
    """The changes since the rows were last looked at; None: there are so many that all rows are better read."""
    found = Changes(former, ledger)
    for table in (*CHUNKS.values(), SESSIONS, SOURCES):
        rows = _changed(former, table)
        if len(rows) > MOST:
            return None
        found._take(table, rows)
    return found


def _changed(former: Former, table: str) -> list[Any]:
    """Rows of a table that have another version than in the ledger, at most one more than `MOST`: key, place, key in
    the ledger, unit there. Of a table that is not there (any more) those that it had."""
    if table in former.tables:
        named = {"table": f"ai.{table} t", "key": short_key("t.session_id" if table == SESSIONS else "t.id")}
    else:
        named = {"table": "{ledger} t where false", "key": "t.former_key"}
    return former.ask("former_changed", {"name": table, "most": MOST + 1}, **named)
