"""People this process knows by a credential it has seen a moment ago: no question asks the database who asks."""

import time
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from uuid import UUID

from serving.accounts.people import Principal

MOST = 20_000
"""Credentials remembered, about 300 bytes each."""


class KnownPeople:
    """Remembers people for a while, by the hash of what they showed. Who changes is forgotten at once: `forget`."""

    def __init__(self, life_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._life_s = life_s
        self._clock = clock
        self._people: OrderedDict[bytes, tuple[Principal, float]] = OrderedDict()
        self._forgotten = 0

    def get(self, credential: str) -> Principal | None:
        """The person; None: not known, or not any more."""
        found = self._people.get(_key(credential))
        return found[0] if found is not None and self._clock() < found[1] else None

    def mark(self) -> int:
        """To be taken before the database is asked: see `put`."""
        return self._forgotten

    def put(self, credential: str, person: Principal, *, mark: int, life_s: float | None = None) -> None:
        """Remember. `life_s`: how long the credential itself is still good, None where it says nothing.

        Nothing is remembered if anybody was forgotten since `mark`: what was read may be older than that.
        """
        if mark != self._forgotten:
            return
        life_s = self._life_s if life_s is None else min(life_s, self._life_s)
        self._people[_key(credential)] = person, self._clock() + life_s
        self._people.move_to_end(_key(credential))
        while len(self._people) > MOST:
            self._people.popitem(last=False)

    def forget(self, user_id: UUID) -> None:
        """Ask again about everything this person shows."""
        self._forgotten += 1
        for key in [key for key, (person, _) in self._people.items() if person.user_id == user_id]:
            del self._people[key]


def _key(credential: str) -> bytes:
    return sha256(credential.encode()).digest()
