"""Counts of what a home holds: the figures of `studybuddy status`."""

from dataclasses import dataclass

from psycopg.rows import class_row

from pipelines.core.postgres import Connection
from pipelines.core.statements import statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Counts over all courses; `model`, `dims` and `search_text_version` are the live set's, None before the first."""

    courses: int
    documents: int
    lectures: int
    slides: int
    slide_chunks: int
    speech_chunks: int
    vectors: int
    failed_documents: int
    failed_lectures: int
    recognising: int
    model: str | None
    dims: int | None
    search_text_version: str | None


def read_overview(connection: Connection) -> Overview:
    """The counts as they are now."""
    with connection.cursor(row_factory=class_row(Overview)) as cursor:
        return cursor.execute(statement("overview")).fetchall()[0]
