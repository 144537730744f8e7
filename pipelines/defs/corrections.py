"""Teachers' corrections as an asset: what chunks are made from besides what was read and heard."""

import dagster as dg

from pipelines.defs.uploads import OWNERS, UPLOADS_GROUP

corrections = dg.AssetSpec(
    "corrections",
    description="What teachers corrected on a page, in a line of a transcript or in the title of either, as rows of "
    "`corrections`: laid over what was read, which stays as it was. Every correction has the chunks of its deck or "
    "lecture made again.",
    group_name=UPLOADS_GROUP,
    owners=OWNERS,
    kinds={"postgres"},
)
