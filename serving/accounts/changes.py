"""News of people, told to every process: who signed out or lost a token, and who was suspended."""

from dataclasses import dataclass
from uuid import UUID

from serving.database import CHANNEL, Connection, run

CHANGED, SUSPENDED = "person:", "suspended:"
"""How notifications about people begin; the trigger `person_changed` sends them too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """Whom to look at again, and whether they were suspended."""

    user_id: UUID
    suspended: bool


async def tell_change(connection: Connection, user_id: UUID) -> None:
    """Let every process forget, when this transaction is committed, what it knows of this person."""
    await run(connection, "wake", channel=CHANNEL, payload=f"{CHANGED}{user_id}")


def changed_person(payload: str) -> Changed | None:
    """What a notification says about a person; None: it is about something else."""
    begins = next((each for each in (CHANGED, SUSPENDED) if payload.startswith(each)), None)
    if begins is None:
        return None
    try:
        return Changed(user_id=UUID(payload.removeprefix(begins)), suspended=begins == SUSPENDED)
    except ValueError:
        return None
