"""Decks that can be searched by their text although the vision model refused to describe them, until it works again."""

from uuid import UUID

from pipelines.core.errors import KeyMissingError, StudyBuddyError
from pipelines.core.postgres import Connection
from pipelines.core.records import Document
from pipelines.core.statements import statement
from pipelines.core.uploads import lock_upload


def put_description_refusal(connection: Connection, document: Document, error: StudyBuddyError) -> None:
    """Remember that a model refused this deck; `list_due_descriptions` has it again after a while, ten times in all.

    A deck that nobody pays for is due when its owner connects a key (trigger `key_connected`).

    Raises:
        SupersededError: the deck was replaced or deleted meanwhile.
    """
    lock_upload(connection, document)
    key = {"document_id": document.id, "generation": document.generation}
    told = {"code": error.code, "message": error.message, "unpaid": isinstance(error, KeyMissingError)}
    connection.execute(statement("put_description_refusal"), {**key, **told})


def find_description_refusal(connection: Connection, document: Document) -> str | None:
    """The sentence with which a model refused this deck; None: it did not, or has described it since."""
    row = connection.execute(
        statement("find_description_refusal"), {"document_id": document.id, "generation": document.generation}
    ).fetchone()
    return None if row is None else row[0]


def clear_description_refusal(connection: Connection, document: Document) -> None:
    """A model described this deck, so it works: other decks of its owner that it refused are due at once."""
    connection.execute(statement("clear_description_refusal"), {"document_id": document.id})


def list_due_descriptions(connection: Connection, *, limit: int = 3) -> list[tuple[UUID, str]]:
    """A few of the refused decks that are due: (id, a key of the attempt). Few, because they only try the model."""
    return [(row[0], row[1]) for row in connection.execute(statement("list_due_descriptions"), {"limit": limit})]
