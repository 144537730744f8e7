"""Files of the former deployment, found by its layout under a folder: decks by their hash, recordings by their place.

Nothing is made of them: a deck's file can be opened and, when somebody asks for it, processed; a recording plays.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from pipelines.adoption.former import SQL, Former
from pipelines.adoption.values import as_sha256, as_text, as_uuid
from pipelines.core.files import FileStore
from pipelines.core.postgres import Database
from pipelines.core.statements import statement
from pipelines.core.stored_files import hold_files

BLOCK = 1 << 20


@dataclass(slots=True, kw_only=True)
class FoundFiles:
    """How many files were taken, names of those that are not there, and of those that hold other bytes than noted."""

    taken: int = 0
    missing: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)


def take_files(database: Database, files: FileStore, former: Former, folder: Path) -> FoundFiles:
    """Store the files of decks and lectures that have none here yet.

    Args:
        folder: the former backend's STORAGE_ROOT.

    Raises:
        StorageUnavailableError
    """
    with database.transaction() as connection:
        wanted = {row[0] for row in connection.execute(statement("list_fileless", SQL))}
    found = FoundFiles()
    for key, name, sha256, taking in _places(former):
        if key not in wanted:
            continue
        path = _inside(folder, name)
        if path is None:
            found.missing.append(name)
        elif path.stat().st_size == 0 or (sha256 is not None and _hash(path) != sha256):
            found.other.append(name)
        else:
            with path.open("rb") as source:
                stored = files.add(source)
            with database.transaction() as connection:
                hold_files(connection, files, [stored.sha256])
                connection.execute(statement(taking, SQL), {"id": key, "sha256": stored.sha256})
            found.taken += 1
    return found


def _places(former: Former) -> Iterator[tuple[UUID, str, str | None, str]]:
    """Of each deck and lecture: id, path as the former system wrote it, sha256 (None: not known), and what takes it."""
    for row in former.rows("documents"):
        key = as_uuid(row.get("id"))
        if key is not None:
            yield (
                key,
                _name(row, "storage_key", f"documents/{key}.pdf"),
                as_sha256(row.get("checksum")),
                "take_deck_file",
            )
    for row in former.rows("lectures"):
        key = as_uuid(row.get("id"))
        if key is not None:
            yield key, _name(row, "audio_storage_key", f"audio/{key}.m4a"), None, "take_recording"


def _name(row: Mapping[str, Any], column: str, usual: str) -> str:
    return as_text(row.get(column)) or usual


def _inside(folder: Path, name: str) -> Path | None:
    """The file of this name below the folder; None: there is none, or the name leads elsewhere."""
    try:
        path = (folder / name).resolve()
        return path if path.is_relative_to(folder.resolve()) and path.is_file() else None
    except (OSError, ValueError):
        return None


def _hash(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as source:
        while block := source.read(BLOCK):
            found.update(block)
    return found.hexdigest()
