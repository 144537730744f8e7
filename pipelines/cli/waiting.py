"""Waits until the tables say that uploads are done, and shows meanwhile how far each has come."""

import time
from collections.abc import Collection
from uuid import UUID

from pipelines.cli.output import errors
from pipelines.cli.progress import StageProgress
from pipelines.cli.uploads import Graph
from pipelines.core.errors import StorageUnavailableError
from pipelines.core.lecture_slides import list_outdated_alignments
from pipelines.core.lectures import get_lecture
from pipelines.core.records import OPERATOR
from pipelines.core.stages import Progress, read_progress
from pipelines.core.stores import Stores
from pipelines.runtime.attending import Attendance

POLL_S = 0.1
LOOKING_SHARE = 0.05
"""Most of the time that goes into looking how far hundreds of files have come: who makes them needs the processor."""

LOOK_AT_SERVICES_S = 2.0
PATIENCE_S = 60.0
"""How long the database may be away: it restarts, and who processes uploads waits for it too."""


ALIGNMENT_S = 120.0
"""How long nothing may happen to lectures that are to be aligned again: an hour of speech takes seconds."""


class Waiting:
    """Waits for the uploads of one kind.

    Args:
        everything: wait for what follows after an upload can be searched, too.
    """

    def __init__(
        self, stores: Stores, graph: Graph, attendance: Attendance, progress: StageProgress, *, everything: bool
    ) -> None:
        self._stores, self._graph, self._attendance, self._progress = stores, graph, attendance, progress
        self._everything = everything
        self._seen = self._looked = time.monotonic()

    def until_done(self, upload_ids: Collection[UUID]) -> dict[UUID, float]:
        """Return when each of the uploads is done or has failed: seconds worked on each until it could be searched.

        Raises:
            TransientError: nobody attends to uploads any more, or the database was away for more than a minute.
        """
        seconds: dict[UUID, float] = {}
        waited_for = set(upload_ids)
        while waited_for:
            began = time.monotonic()
            for upload_id, progress in self._read(waited_for).items():
                if upload_id not in seconds:
                    self._progress.stage(upload_id, progress.current)
                    if progress.failure is not None or progress.ended([self._graph.found]):
                        seconds[upload_id] = progress.seconds()
                        self._progress.done(upload_id, progress.failure)
                elif progress.recognising:
                    self._progress.stage(upload_id, progress.current)
                if upload_id in seconds and self._is_over(progress):
                    self._progress.over(upload_id)
                    waited_for.discard(upload_id)
            if waited_for:
                time.sleep(max(POLL_S, (time.monotonic() - began) / LOOKING_SHARE))
                self._look_at_services()
        return seconds

    def _is_over(self, progress: Progress) -> bool:
        """Whether nothing more of an upload is waited for that has failed or can be searched."""
        if not self._everything or progress.failure is not None:
            return True
        return progress.ended(self._graph.all) and not progress.recognising

    def _read(self, upload_ids: Collection[UUID]) -> dict[UUID, Progress]:
        """Nothing while the database restarts."""
        try:
            with self._stores.database.transaction() as connection:
                found = read_progress(connection, upload_ids)
        except StorageUnavailableError:
            if time.monotonic() - self._seen > PATIENCE_S:
                raise
            return {}
        self._seen = time.monotonic()
        return found

    def _look_at_services(self) -> None:
        if time.monotonic() - self._looked > LOOK_AT_SERVICES_S:
            self._looked = time.monotonic()
            try:
                self._attendance.ensure()
            except StorageUnavailableError:
                return  # seen, and waited for, where progress is read


def wait_for_alignments(stores: Stores, attendance: Attendance) -> list[str]:
    """Wait until the lectures that a deck came late for have been aligned again.

    Returns:
        The names of those that have been; a lecture on which nothing happens for `ALIGNMENT_S` is left to the services.
    """
    waited_for: list[str] = []
    left: list[str] = []
    changed = time.monotonic()
    with errors.status("") as shown:
        while time.monotonic() - changed < ALIGNMENT_S:
            with stores.database.transaction() as connection:
                late = [
                    get_lecture(connection, lecture_id, person=OPERATOR)
                    for lecture_id, _ in list_outdated_alignments(connection)
                ]
            names = [lecture.source_name for lecture in late if lecture.failure is None]
            if names != left:
                left, changed = names, time.monotonic()
            waited_for += [name for name in names if name not in waited_for]
            if not names:
                break
            shown.update(f"Aligning again: {', '.join(names[:3])}")
            time.sleep(LOOK_AT_SERVICES_S / 4)
            attendance.ensure()
    return [name for name in waited_for if name not in left]
