"""A person's data as one zip file, made while it is sent: nothing of it lies on a disk in between."""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row
from pydantic_core import to_json

from pipelines.core.errors import StudyBuddyError
from pipelines.core.files import FileStore
from pipelines.core.personal.audit import note_export
from pipelines.core.personal.kept import KEPT
from pipelines.core.postgres import Connection
from pipelines.core.statements import statement

PIECE = 1_000_000
"""Bytes read of a file at a time."""

README = """\
Everything that StudyBuddy keeps of you.

tables/   one JSON file for each kind of row, as they are in the database: users is your profile, chat_messages your
          questions and their answers, model_calls what your calls to language models cost, documents and lectures
          your uploads, audit_events what was done by you and to you. Keys, passwords and what only checks a secret
          are left out, and so are other people.
uploads/  the files you uploaded, by course.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFile:
    """A file that a person uploaded, and its place in the zip."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalData:
    """What goes into the zip: JSON by path, and files."""

    tables: dict[str, bytes]
    files: list[OwnFile]


def gather(connection: Connection, *, person_id: UUID) -> PersonalData:
    """Everything that is kept of a person; that they took it is written down. The transaction is the pipeline's.

    Raises:
        StorageUnavailableError
    """
    note_export(connection, person_id)
    whom, tables = {"person_id": person_id}, {}  # type: tuple[dict[str, Any], dict[str, list[Any]]]
    for kept in KEPT:
        if kept.exported:
            text = statement("list_personal_rows").replace("{table}", kept.table).replace("{theirs}", kept.theirs)
            found = connection.execute(text, whom | {"hidden": list(kept.hidden)}).fetchall()
            tables.setdefault(kept.table.rpartition(".")[2], []).extend(row[0] for row in found)
    with connection.cursor(row_factory=dict_row) as cursor:
        files = cursor.execute(statement("list_own_files"), whom).fetchall()
    return PersonalData(
        tables={f"tables/{name}.json": to_json(rows, indent=1) for name, rows in tables.items()},
        files=[OwnFile(path=path, sha256=sha256) for path, sha256 in _placed(files).items()],
    )


def archive(data: PersonalData, files: FileStore) -> Iterator[bytes]:
    """The zip, piece by piece. A file that is gone meanwhile, or cannot be read, is named in `missing.txt`."""
    sink = _Sink()
    missing: list[str] = []
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as whole:
        whole.writestr("README.txt", README)
        for path, content in data.tables.items():
            whole.writestr(path, content)
            yield sink.take()
        for own in data.files:
            try:
                opened = files.open_read(own.sha256)
            except StudyBuddyError:
                missing.append(own.path)
                continue
            info = zipfile.ZipInfo(own.path, (1980, 1, 1, 0, 0, 0))  # stored as it is: decks and recordings are packed
            with opened, whole.open(info, "w", force_zip64=True) as member:
                while piece := opened.read(PIECE):
                    member.write(piece)
                    yield sink.take()
        if missing:
            whole.writestr("missing.txt", "These files could not be read:\n" + "\n".join(missing) + "\n")
    yield sink.take()


def _placed(files: list[dict[str, Any]]) -> dict[str, str]:
    """Places in the zip and their files: no name leads out of its folder, and none is there twice."""
    placed: dict[str, str] = {}
    for each in files:
        names = [_name(each["course"]), *(_name(part) for part in PurePosixPath(each["file_name"]).parts)]
        path, count = "/".join(["uploads", *names]), 1
        while path in placed:
            count += 1
            path = "/".join(["uploads", *names[:-1], f"{count} {names[-1]}"])
        placed[path] = each["sha256"]
    return placed


def _name(text: str) -> str:
    kept = "".join("_" if char in '/\\:*?"<>|' or not char.isprintable() else char for char in text).strip(" .")
    return kept[:120] or "_"


class _Sink:
    """What a zip writes into; `take` gives what has come since."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is open."""

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken
