"""The search index as an asset: what every question of a student reads."""

import dagster as dg

from pipelines.core.models.providers import Embedder
from pipelines.defs.uploads import OWNERS

SEARCH_INDEX = dg.AssetKey("search_index")

search_index = dg.AssetSpec(
    SEARCH_INDEX,
    deps=["slide_embeddings", "lecture_embeddings", "adopted_passages"],
    description="What the chat, the notebooks and `studybuddy search` read through `retrieve_chunks`: chunks, their "
    "words and the vectors of the embedding set that is live. It has no step of its own: the embeddings write "
    "into it, and switch to another model's set when that one is complete.",
    group_name="search",
    owners=OWNERS,
    kinds={"pgvector"},
)


def search_index_grew(partition_key: str, embed: Embedder) -> dg.AssetMaterialization:
    """Tells Dagster that the live index has one more upload, or a newer one."""
    return dg.AssetMaterialization(SEARCH_INDEX, metadata={"upload": partition_key, "model": embed.model})
