"""Names of uploads in their course: one spelling, one upload a name, folders where one name would mean two files."""

import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from uuid import UUID

from psycopg.errors import UniqueViolation
from psycopg.rows import class_row

from pipelines.core.errors import PermanentError, SupersededError
from pipelines.core.postgres import Connection
from pipelines.core.records import Document, Lecture
from pipelines.core.statements import statement
from pipelines.core.uploads import UploadKind, kind_of

LONGEST_NAME = 255
"""Bytes of a file's name in UTF-8; what file systems take."""


def nfc(name: str) -> str:
    """The name in Unicode's composed form: some systems write Ü in file names as U and two dots."""
    return unicodedata.normalize("NFC", name)


def rename_upload(connection: Connection, upload: Document | Lecture, name: str) -> str:
    """Give an upload another name in its course; the name it has now.

    A name without an ending keeps the one of the file, a name without a folder the folder.

    Raises:
        PermanentError: the name is empty, too long or no name (`bad_name`), or another upload has it (`same_name`).
        SupersededError: the upload was deleted.
    """
    source_name = _full_name(upload, checked_name(name))
    parameters = {"id": upload.id, "source_name": source_name, "file_name": PurePosixPath(source_name).name}
    taken = connection.execute(statement("is_name_taken"), {"id": upload.id, "source_name": source_name}).fetchone()
    if taken is not None:
        raise PermanentError(f"The course has a file called {source_name} already.", code="same_name")
    try:
        with connection.transaction():
            row = connection.execute(kind_of(upload).statement("rename_upload"), parameters).fetchone()
    except UniqueViolation:
        raise PermanentError(f"The course has a file called {source_name} already.", code="same_name") from None
    if row is None:
        raise SupersededError(f"{upload.source_name} was deleted.")
    return source_name


def checked_name(name: str) -> str:
    """A name as it is kept, with folders or without.

    Raises:
        PermanentError: it is empty, too long or no name (`bad_name`).
    """
    name = nfc(name).strip()
    parts = name.split("/")
    if len(name.encode()) > LONGEST_NAME or not name.isprintable() or any(part in ("", ".", "..") for part in parts):
        raise PermanentError(
            f"That is no name for a file: use up to {LONGEST_NAME} bytes of letters, digits, spaces and punctuation.",
            code="bad_name",
        )
    return name


def file_name_of(sent: str) -> str:
    """The name of a file that somebody sends, without the folders some programs put before it.

    Raises:
        PermanentError: it is no name (`bad_name`).
    """
    return checked_name(sent.replace("\\", "/").rpartition("/")[2])


def _full_name(upload: Document | Lecture, name: str) -> str:
    """The name in the course that a person means."""
    old, parts = PurePosixPath(upload.source_name), name.split("/")
    if PurePosixPath(name).suffix.lower() != old.suffix.lower():
        name += old.suffix
    return name if len(parts) > 1 or str(old.parent) == "." else f"{old.parent}/{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Namesake:
    id: UUID
    source_name: str
    file_name: str
    origin: str | None
    same: bool

    @property
    def root(self) -> str | None:
        return _root(self.origin, self.source_name) if self.origin is not None else None


def name_in_course(
    connection: Connection,
    kind: UploadKind,
    *,
    course_id: UUID,
    owner_id: UUID | None,
    source_name: str,
    origin: str | None,
    contents: Collection[str],
    replace: bool = False,
) -> str:
    """The name under which a file of a person's disk is recorded.

    The same path again is the upload it was, whatever that is called now. Where a file of other bytes from another
    folder has the name, both are told apart by their folders: that one is renamed here, this one's name comes out.

    Args:
        owner_id: whose it is, as for `put_document`: names of other people's files do not matter.
        source_name: its path below the folder that was uploaded, or its bare name.
        origin: its absolute path; None where it is not known, and then the name alone counts.
        contents: sha256 of its bytes, for a lecture of all that was given.
        replace: it is a new version of what has the name, wherever that came from.
    """
    if origin is None:
        return source_name
    parameters = {
        "course_id": course_id,
        "owner_id": owner_id,
        "source_name": source_name,
        "origin": origin,
        "contents": list(contents),
    }
    with connection.cursor(row_factory=class_row(_Namesake)) as cursor:
        namesakes = cursor.execute(kind.statement("find_namesakes"), parameters).fetchall()
    for known in namesakes:
        if known.origin == origin:
            return known.source_name
    others = [k for k in namesakes if k.root is not None and k.root != _root(origin, source_name) and not k.same]
    if replace or not others:
        return source_name
    taken = {known.source_name for known in namesakes}
    bare = next((known for known in others if known.source_name == source_name), None)
    if bare is None or bare.origin is None:
        return next((name for name in _with_folders(origin, source_name) if name not in taken), origin.lstrip("/"))
    theirs = _with_folders(bare.origin, source_name)
    for name, other in zip(_with_folders(origin, source_name), theirs, strict=False):
        if name != other and not {name, other} & taken:
            rename = {"id": bare.id, "source_name": other, "file_name": bare.file_name}
            connection.execute(kind.statement("rename_upload"), rename)
            return name
    return origin.lstrip("/")


def _root(origin: str, source_name: str) -> str:
    """The folder that was uploaded, or the file's own where it was named itself or renamed."""
    ending = f"/{source_name}"
    return origin.removesuffix(ending) if origin.endswith(ending) else str(PurePosixPath(origin).parent)


def _with_folders(origin: str, source_name: str) -> Iterator[str]:
    """The name with one folder in front, with two, and so on."""
    parts = origin.strip("/").split("/")
    for count in range(len(source_name.split("/")) + 1, len(parts) + 1):
        yield "/".join(parts[-count:])
