"""Context manager around every asset of the lectures graph: its partition's lecture, and its failures."""

from contextlib import AbstractContextManager
from functools import partial

import dagster as dg

from pipelines.core.errors import StudyBuddyError
from pipelines.core.lectures import fail_lecture, get_lecture, mark_lecture_requested
from pipelines.core.postgres import Connection
from pipelines.core.records import Lecture
from pipelines.core.stores import Stores
from pipelines.defs.uploads import OWNERS, upload_of

__all__ = ["GROUP", "OWNERS", "lecture_of"]

GROUP = "lectures"


def lecture_of(
    context: dg.AssetExecutionContext, stores: Stores, *, first: bool = False
) -> AbstractContextManager[Lecture]:
    """Put around an asset's body: gives the partition's lecture, and tells failures to Dagster and to the teacher.

    Args:
        first: this asset is the root of the graph, so a run begins here and the sensor need not ask for another.

    Raises:
        dagster.Failure, dagster.RetryRequested: as `told_to_dagster` says.
    """
    return upload_of(
        context,
        stores,
        get=get_lecture,
        begin=partial(mark_lecture_requested, run_id=context.run.run_id) if first else None,
        fail=_fail,
    )


def _fail(connection: Connection, lecture: Lecture, error: StudyBuddyError) -> None:
    fail_lecture(connection, lecture.id, lecture.generation, code=error.code, message=error.message)
