"""Courses of an official list: kept like the list. Vanished ones are archived, never deleted."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import fsspec
from psycopg.rows import dict_row

from pipelines.core.errors import PermanentError, StorageUnavailableError
from pipelines.core.postgres import Connection
from pipelines.core.records import OfficialCourse
from pipelines.core.statements import statement

MOST_BYTES = 20_000_000
LOST = 5
"""A list that lost more than one in so many of its courses is taken for a broken one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """What a list changes: names of courses, with their terms. `vanished` are archived, `restored` under way again."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    restored: tuple[str, ...]
    vanished: tuple[str, ...]
    unchanged: int

    @property
    def changes(self) -> int:
        """How many courses it changes."""
        return len(self.added) + len(self.changed) + len(self.restored) + len(self.vanished)


def fetch_list(address: str) -> bytes:
    """The bytes of a list at a path or URL.

    Raises:
        StorageUnavailableError: it cannot be reached or is not there now.
        PermanentError: it is larger than a list can be (`bad_list`).
    """
    try:
        with fsspec.open(address, "rb") as source:
            data: bytes = source.read(MOST_BYTES + 1)
    except (OSError, ValueError, ImportError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise StorageUnavailableError(f"The list of courses cannot be fetched now ({reason}).") from None
    except Exception as error:  # clients of URLs have errors of their own
        raise StorageUnavailableError(f"The list of courses cannot be fetched now ({type(error).__name__}).") from None
    if len(data) > MOST_BYTES:
        raise PermanentError(f"The list of courses has more than {MOST_BYTES} bytes.", code="bad_list")
    return data


def sync_courses(
    connection: Connection, courses: Sequence[OfficialCourse], *, accept_losses: bool = False, dry: bool = False
) -> Sync:
    """Bring the courses to what the official list says.

    New ones are open to everybody who is signed in. What a course's owners decide (whether it is open, who adds
    lectures) stays theirs; name, code, term, instructor and language are the list's. Courses that people made, and
    those that were archived by hand, are left alone.

    Args:
        accept_losses: take the list although it lost more than a fifth of its courses.
        dry: change nothing.

    Raises:
        PermanentError: it lost more than a fifth (`list_lost_courses`).
    """
    connection.execute(statement("lock_official_courses"))
    with connection.cursor(row_factory=dict_row) as cursor:
        known = {each["official_key"]: each for each in cursor.execute(statement("list_official_courses"))}
    listed = {course.key: course for course in courses}
    there = [key for key, each in known.items() if not each["vanished"]]
    gone = [key for key in there if key not in listed]
    if len(gone) * LOST > len(there) and not accept_losses:
        raise PermanentError(
            f"The list of courses lost {len(gone)} of {len(there)}, more than a fifth, so nothing was changed. If that "
            "is right, sync it with --accept-losses.",
            code="list_lost_courses",
        )
    new = [course for key, course in listed.items() if key not in known]
    back = [key for key in listed if key in known and known[key]["vanished"]]
    other = [key for key, course in listed.items() if key in known and key not in back and _differs(course, known[key])]
    if not dry:
        for course in new:
            connection.execute(statement("insert_official_course"), asdict(course))
        for key in [*back, *other]:
            connection.execute(statement("update_official_course"), asdict(listed[key]))
        connection.execute(statement("archive_vanished_courses"), {"keys": gone})
    return Sync(
        added=tuple(_called(asdict(course)) for course in new),
        changed=tuple(_called(asdict(listed[key])) for key in other),
        restored=tuple(_called(asdict(listed[key])) for key in back),
        vanished=tuple(_called(known[key]) for key in gone),
        unchanged=len(listed) - len(new) - len(back) - len(other),
    )


def _differs(course: OfficialCourse, row: dict[str, Any]) -> bool:
    return any(row[name] != value for name, value in asdict(course).items() if name != "key")


def _called(said: dict[str, Any]) -> str:
    code, term = said["code"], said["term"]
    return f"{code + ' ' if code else ''}{said['name']}{f' ({term})' if term else ''}"
