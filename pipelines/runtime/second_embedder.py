"""Second embedder, loaded by importing this: a fork server imports it, so that no run waits two seconds for it."""

from pipelines.core.models.providers import load_second_embedder, wants_second_vectors
from pipelines.core.settings import Settings

if wants_second_vectors(Settings()):
    load_second_embedder()
