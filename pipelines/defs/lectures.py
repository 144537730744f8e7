"""The uploaded lectures as an asset, and the context manager every asset of that graph is put around."""

from contextlib import AbstractContextManager
from functools import partial

import dagster as dg

from pipelines.core.lectures import get_lecture
from pipelines.core.records import PIPELINE, Lecture
from pipelines.core.stores import Stores
from pipelines.defs.partitions import lectures_partitions
from pipelines.defs.uploads import OWNERS, UPLOADS_GROUP, upload_of

__all__ = ["GROUP", "OWNERS", "lecture_of", "lectures"]

GROUP = "speech"

ROOT = "lecture_audio"
"""The asset at which a run of a whole lecture begins."""

lectures = dg.AssetSpec(
    "lectures",
    description="Recordings and captions as teachers uploaded them: the files in the store and their row in "
    "`lectures`. Nothing here makes them; every new upload starts a run of the assets that follow.",
    group_name=UPLOADS_GROUP,
    owners=OWNERS,
    kinds={"audio", "postgres"},
    partitions_def=lectures_partitions,
)


def lecture_of(context: dg.AssetExecutionContext, stores: Stores) -> AbstractContextManager[Lecture]:
    """Put around an asset's body: gives the partition's lecture, and tells failures to Dagster and to the teacher.

    Raises:
        dagster.Failure, dagster.RetryRequested: as `told_to_dagster` says.
    """
    return upload_of(context, stores, asset=lectures, get=partial(get_lecture, person=PIPELINE), root=ROOT)
