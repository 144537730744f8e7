"""The life decks and lectures share once they are uploaded: outcomes, claims, the fence, and the last clean-up."""

from typing import Any, Literal

from pipelines.core.errors import SupersededError
from pipelines.core.files import FileStore
from pipelines.core.postgres import Connection, Database
from pipelines.core.records import Document, Lecture
from pipelines.core.statements import statement

Outcome = Literal["created", "replaced", "unchanged", "duplicate"]

CLAIM_S = 120.0
"""Seconds a command line keeps the sensor away from an upload it will run itself; it renews while it works."""


def fence(connection: Connection, name: str, upload: Document | Lecture, **parameters: Any) -> None:
    """Run a statement that answers a row only while this generation is the newest and not deleted.

    Raises:
        SupersededError: it is not.
    """
    row = connection.execute(statement(name), {"generation": upload.generation, **parameters}).fetchone()
    if row is None:
        raise SupersededError(f"{upload.file_name} was replaced or deleted while it was being worked on.")


def purge(database: Database, files: FileStore, name: str, **parameters: Any) -> None:
    """Run a statement that removes rows and answers the files they named; remove those nothing else uses."""
    with database.transaction() as connection:
        names = [row[0] for row in connection.execute(statement(name), parameters)]
    with database.transaction() as connection:
        used = {row[0] for row in connection.execute(statement("list_used_files"), {"names": names})}
    for sha256 in names:
        if sha256 not in used:
            files.remove(sha256)
