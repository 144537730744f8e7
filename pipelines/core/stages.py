"""Stages of uploads as people see them: what is being made now, how far it has come, and who starts the runs."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pipelines.core.postgres import Connection
from pipelines.core.statements import statement

LISTENER = "studybuddy daemon"
"""What the daemon that starts runs is called in the database's list of connections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One asset's work on an upload. `name` is the asset's; times are with their zone.

    `ended_at` is None while it is being made. `note` says how far it has come or, where it is `waiting` to be tried
    again, why; None: nothing to say. `done` of `total`: the same as numbers, of pages, pictures or milliseconds, as the
    stage counts; None where it counts nothing.
    """

    name: str
    began_at: datetime
    ended_at: datetime | None = None
    note: str | None = None
    waiting: bool = False
    done: int | None = None
    total: int | None = None

    @classmethod
    def from_json(cls, name: str, value: Mapping[str, Any]) -> "Stage":
        """A stage as the column `stages` keeps it."""
        ended_at = value.get("ended_at")
        return cls(
            name=name,
            began_at=datetime.fromisoformat(value["began_at"]),
            ended_at=datetime.fromisoformat(ended_at) if ended_at else None,
            note=value.get("note"),
            waiting=bool(value.get("waiting")),
            done=value.get("done"),
            total=value.get("total"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an upload has come: the stages that have begun, by name, and why it has failed (None: it has not).

    `recognising`: its text can be searched, but pictures of text are still to be read or to be found.
    """

    stages: Mapping[str, Stage]
    failure: str | None
    recognising: bool = False

    @property
    def current(self) -> Stage | None:
        """The stage that was begun last of those at work; None where none is."""
        at_work = [stage for stage in self.stages.values() if stage.ended_at is None]
        return max(at_work, key=lambda stage: stage.began_at, default=None)

    def ended(self, names: Iterable[str]) -> bool:
        """Whether each of these stages has been made."""
        return all(name in self.stages and self.stages[name].ended_at is not None for name in names)

    def seconds(self) -> float:
        """Seconds from the begin of the first stage to the end of the last that has ended; 0 before one has."""
        ended = [stage.ended_at for stage in self.stages.values() if stage.ended_at is not None]
        began = [stage.began_at for stage in self.stages.values()]
        return (max(ended) - min(began)).total_seconds() if ended else 0.0


DELETED = Progress(stages={}, failure="The upload was deleted.")


def read_progress(connection: Connection, upload_ids: Collection[UUID]) -> dict[UUID, Progress]:
    """How far the newest generation of each of these uploads has come; one that was deleted has failed by that."""
    rows = connection.execute(statement("list_progress"), {"upload_ids": list(upload_ids)})
    found = {
        upload_id: Progress(
            stages={name: Stage.from_json(name, value) for name, value in stages.items()},
            failure=failure,
            recognising=recognising,
        )
        for upload_id, failure, stages, recognising in rows
    }
    return {upload_id: found.get(upload_id, DELETED) for upload_id in upload_ids}


def retry_upload(connection: Connection, upload_id: UUID) -> bool:
    """Have a failed upload processed again, as a new generation of the same bytes; False when it had not failed."""
    return connection.execute(statement("retry_upload"), {"upload_id": upload_id}).fetchone() is not None


def fail_upload_of_run(
    connection: Connection, run_id: str, *, code: str, message: str, upload: tuple[UUID, int] | None = None
) -> list[str]:
    """Remember that a run ended without a word on its upload; the names of the files that have failed by it.

    Args:
        run_id: Dagster's id of the run.
        upload: id and generation, where the run says for which it was started; None: known by `run_id` alone.
    """
    upload_id, generation = upload or (None, None)
    rows = connection.execute(
        statement("fail_upload_of_run"),
        {"run_id": run_id, "upload_id": upload_id, "generation": generation, "code": code, "message": message},
    )
    return [row[0] for row in rows]


def announce_uploads(connection: Connection) -> None:
    """Have the sensors look again as soon as this transaction is committed."""
    connection.execute(statement("announce_uploads"))


def somebody_looks(connection: Connection) -> bool:
    """Whether a daemon that starts runs for uploads is connected to this database, on whatever machine."""
    return connection.execute(statement("find_listener"), {"listener": LISTENER}).fetchone() is not None
