"""Lectures by link: recorded at once, their recording put beside them when it has been fetched."""

from dataclasses import replace
from pathlib import PurePosixPath
from uuid import UUID

from pipelines.core.admission import check_quotas
from pipelines.core.errors import PermanentError, SupersededError
from pipelines.core.files import FileStore, StoredFile
from pipelines.core.names import nfc
from pipelines.core.net.addresses import AddressGuard, origin_of
from pipelines.core.postgres import Connection
from pipelines.core.records import Lecture
from pipelines.core.settings import Settings, listed
from pipelines.core.statements import statement
from pipelines.core.stored_files import hold_files
from pipelines.core.uploads import Outcome, lock_upload

MOST_OF_A_NAME = 50
"""Links that end alike in one course: `index.mp4`, `index (2).mp4`, and so on."""


def listed_origins(settings: Settings) -> list[str]:
    """Addresses in a private network from which the operator lets recordings be fetched."""
    return listed(settings.link_origins)


def check_link(settings: Settings, url: str) -> None:
    """Goes on where a link may be fetched from, as far as it can be seen without asking for its host.

    Raises:
        AddressRefusedError: it is no web address, carries a password, or leads into a private network.
    """
    AddressGuard(origin_of(each) for each in listed_origins(settings)).check_origin(origin_of(url))


def put_linked_lecture(
    connection: Connection,
    *,
    course_id: UUID,
    owner_id: UUID,
    url: str,
    file_name: str,
    published: bool,
    captions_sha256: str | None = None,
    captions_name: str | None = None,
    byte_count: int = 0,
    language: str | None = None,
    prefer_speech: bool | None = None,
) -> tuple[UUID, Outcome]:
    """Record a lecture by its link; the same link again is the lecture that is there.

    Args:
        language, prefer_speech: as for `put_lecture`.

    Raises:
        PermanentError: too many of that name (`same_name`).
    """
    whose = {"course_id": course_id, "owner_id": owner_id, "url": url}
    known = connection.execute(statement("find_linked_lecture"), whose).fetchone()
    if known is not None:
        return known[0], "unchanged"
    name = PurePosixPath(nfc(file_name))
    for number in range(1, MOST_OF_A_NAME + 1):
        told = name.name if number == 1 else f"{name.stem} ({number}){name.suffix}"
        values = {**whose, "title": PurePosixPath(told).stem, "file_name": told, "published": published,
                  "captions_sha256": captions_sha256, "captions_name": captions_name,
                  "byte_count": byte_count, "language": language, "prefer_speech": prefer_speech}  # fmt: skip
        row = connection.execute(statement("put_linked_lecture"), values).fetchone()
        if row is not None:
            return row[0], "created"
    raise PermanentError(f"The course has many recordings called {name.name} already.", code="same_name")


def find_link(connection: Connection, lecture: Lecture) -> str | None:
    """Where the recording of a lecture is fetched from; None: it was uploaded.

    Raises:
        SupersededError: the lecture was deleted.
    """
    row = connection.execute(statement("get_link"), {"lecture_id": lecture.id}).fetchone()
    if row is None:
        raise SupersededError("The lecture was deleted.")
    url: str | None = row[0]
    return url


def put_fetched_recording(
    connection: Connection, settings: Settings, files: FileStore, lecture: Lecture, stored: StoredFile
) -> Lecture:
    """Name the fetched recording of a lecture, which counts among what its owner keeps from here on.

    Raises:
        SupersededError: the lecture was replaced or deleted meanwhile.
        PermanentError: `person_quota`, `course_quota`.
        StorageUnavailableError: the bytes were removed meanwhile.
    """
    hold_files(connection, files, [stored.sha256])
    lock_upload(connection, lecture)
    row = connection.execute(statement("get_link"), {"lecture_id": lecture.id}).fetchone()
    if row is not None and row[1] is not None and not row[2]:
        check_quotas(
            connection, settings, course_id=lecture.course_id, owner_id=row[1], byte_count=stored.byte_count
        )  # fmt: skip
    values = {"lecture_id": lecture.id, "generation": lecture.generation,
              "sha256": stored.sha256, "byte_count": stored.byte_count}  # fmt: skip
    if connection.execute(statement("put_fetched_recording"), values).fetchone() is None:
        raise SupersededError(f"{lecture.file_name} was replaced or deleted while it was fetched.")
    return replace(lecture, media_sha256=stored.sha256, byte_count=stored.byte_count)
