"""Context manager around every asset of the lectures graph: its partition's lecture, and its failures."""

from contextlib import AbstractContextManager

import dagster as dg

from pipelines.core.lectures import get_lecture
from pipelines.core.records import Lecture
from pipelines.core.stores import Stores
from pipelines.defs.uploads import OWNERS, upload_of

__all__ = ["GROUP", "OWNERS", "lecture_of"]

GROUP = "lectures"

ROOT = "lecture_audio"
"""The asset at which a run of a whole lecture begins."""


def lecture_of(context: dg.AssetExecutionContext, stores: Stores) -> AbstractContextManager[Lecture]:
    """Put around an asset's body: gives the partition's lecture, and tells failures to Dagster and to the teacher.

    Raises:
        dagster.Failure, dagster.RetryRequested: as `told_to_dagster` says.
    """
    return upload_of(context, stores, get=get_lecture, root=ROOT)
