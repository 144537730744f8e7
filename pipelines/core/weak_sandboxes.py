"""Machines that read strangers' files without a required guard, because a person accepted the risk."""

from dataclasses import dataclass

from psycopg.rows import class_row

from pipelines.core.postgres import Connection
from pipelines.core.statements import statement


@dataclass(frozen=True, slots=True, kw_only=True)
class WeakSandbox:
    """One machine by its host name. `missing` says which guards, what each gives and why the kernel refuses it."""

    machine: str
    missing: str

    @property
    def warning(self) -> str:
        """What an operator reads until it is mended."""
        return (
            f"{self.machine} reads strangers' files in a weak sandbox, as ACCEPT_WEAK_SANDBOX allows; "
            f"missing: {self.missing}."
        )


def note_sandbox(connection: Connection, machine: str, *, missing: str | None) -> None:
    """Remember what `machine` lacks, or (None) that it lacks nothing."""
    if missing is None:
        connection.execute(statement("forget_weak_sandbox"), {"machine": machine})
    else:
        connection.execute(statement("note_weak_sandbox"), {"machine": machine, "missing": missing})


def list_weak_sandboxes(connection: Connection) -> list[WeakSandbox]:
    """All of them, by name of the machine; empty where every file was read with all required guards."""
    with connection.cursor(row_factory=class_row(WeakSandbox)) as cursor:
        return cursor.execute(statement("list_weak_sandboxes")).fetchall()
