"""People as an operator sees them: listed, suspended and let in again, made operators, enrolled in courses."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pipelines.core.access import Role
from pipelines.core.errors import NotFoundError, PermanentError
from pipelines.core.names import nfc
from pipelines.core.postgres import Connection, read_records
from pipelines.core.statements import statement


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPerson:
    """A person's row and how much hangs on it.

    `issuer` and `subject` None: nobody vouches for them yet, they cannot sign in. `name`, `email` None: not
    known. `suspended_at` None: they are not. `courses`: memberships; `uploads`: decks and lectures of theirs, of
    `byte_count` bytes in all.
    """

    id: UUID
    issuer: str | None
    subject: str | None
    name: str | None
    email: str | None
    operator: bool
    suspended_at: datetime | None
    created_at: datetime
    courses: int
    uploads: int
    byte_count: int


def list_people(connection: Connection, words: str = "") -> list[KnownPerson]:
    """People whose name, email or subject says these words (empty: all), by name."""
    return read_records(connection, KnownPerson, "list_people", {"words": nfc(words)})


def find_person(connection: Connection, said: str) -> KnownPerson:
    """The person that is meant: their id, email, subject or name, in that order.

    Raises:
        NotFoundError: there is none, or there are several.
    """
    found = read_records(connection, KnownPerson, "find_people", {"said": nfc(said)})
    if not found:
        raise NotFoundError(f"There is nobody called “{said}” here: people appear when they first sign in.")
    if len(found) > 1:
        ids = ", ".join(str(each.id) for each in found)
        raise NotFoundError(f"“{said}” are {len(found)} people: say which by their id ({ids}).")
    return found[0]


def suspend(connection: Connection, person: KnownPerson, *, suspended: bool = True) -> None:
    """Let a person do nothing more, or let them in again. Every process of the service hears of it at once.

    Raises:
        PermanentError: they are the local user of this machine, who cannot be suspended (`local_person`).
    """
    if suspended and person.issuer == "local":
        raise PermanentError("That is this machine's own user, who cannot be suspended.", code="local_person")
    connection.execute(statement("suspend_person"), {"user_id": person.id, "suspended": suspended})


def make_operator(connection: Connection, person: KnownPerson, *, operator: bool = True) -> None:
    """Let a person use what is for operators, or not any more; those of the setting OPERATORS may in any case."""
    connection.execute(statement("make_operator"), {"user_id": person.id, "operator": operator})


def enrol(connection: Connection, person: KnownPerson, course_id: UUID, role: Role) -> None:
    """Make a person a member of a course in this role, or give a member this role.

    Raises:
        PermanentError: the course would be left without an owner (`last_owner`).
    """
    parameters = {"user_id": person.id, "course_id": course_id, "role": role}
    if role != "owner":
        _keep_an_owner(connection, person, course_id)
    connection.execute(statement("enrol_person"), parameters)


def remove(connection: Connection, person: KnownPerson, course_id: UUID) -> None:
    """End a membership. What was theirs alone stays theirs.

    Raises:
        NotFoundError: they do not belong to the course.
        PermanentError: the course would be left without an owner (`last_owner`).
    """
    _keep_an_owner(connection, person, course_id)
    parameters = {"user_id": person.id, "course_id": course_id}
    if connection.execute(statement("remove_person"), parameters).fetchone() is None:
        raise NotFoundError("They do not belong to that course.")


def _keep_an_owner(connection: Connection, person: KnownPerson, course_id: UUID) -> None:
    owners = connection.execute(statement("lock_course_owners"), {"course_id": course_id}).fetchall()
    if owners == [(person.id,)]:
        raise PermanentError("A course keeps an owner: make somebody else owner first.", code="last_owner")
