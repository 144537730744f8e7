"""Results of notebooks: evaluations that a researcher saved, until a Dagster run has shown each beside the asset's."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from pipelines.core.postgres import Connection, read_record
from pipelines.core.statements import statement

MOST_TOLD = 20
"""Results for which runs are asked for at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookResult:
    """One evaluation: what was asked with (`parameters` of the notebook), in which set, and its figures."""

    id: UUID
    course_id: UUID
    course: str
    set_name: str
    notebook: str
    parameters: dict[str, Any]
    figures: dict[str, Any]


def put_notebook_result(
    connection: Connection,
    course_id: UUID,
    *,
    set_name: str,
    notebook: str,
    parameters: dict[str, Any],
    figures: dict[str, Any],
) -> UUID:
    """Keep a result for a run to show; its id."""
    about = {"course_id": course_id, "set_name": set_name, "notebook": notebook}
    values = {**about, "parameters": Jsonb(parameters), "figures": Jsonb(figures)}
    result_id: UUID = connection.execute(statement("insert_notebook_result"), values).fetchall()[0][0]
    return result_id


def list_untold(connection: Connection) -> list[UUID]:
    """Results that no run has shown yet, oldest first."""
    return [row[0] for row in connection.execute(statement("list_untold_notebook_results"), {"limit": MOST_TOLD})]


def find_notebook_result(connection: Connection, result_id: UUID) -> NotebookResult | None:
    """A result; None: its course was deleted."""
    return read_record(connection, NotebookResult, "find_notebook_result", {"id": result_id})


def note_told(connection: Connection, result_id: UUID) -> None:
    """A run has shown it."""
    connection.execute(statement("note_notebook_result_told"), {"id": result_id})
