"""Slides seen in a recording: its scenes against the pictures of its decks' pages."""

from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from pipelines.core.documents import get_document
from pipelines.core.errors import StaleUpstreamError, SupersededError, UnreadableFileError
from pipelines.core.lectures import LectureFrames
from pipelines.core.records import PIPELINE
from pipelines.core.stores import Stores
from pipelines.defs.parsing import matching_limits
from pipelines.defs.pictures import render_missing
from pipelines.steps.alignment.seen import Page, SceneMatch
from pipelines.steps.video.matching import match_pages
from pipelines.steps.video.scenes import read_scenes


def draw_pages(store: Stores, document_ids: Sequence[UUID]) -> None:
    """Make the pictures these decks lack; what cannot be drawn, or is gone meanwhile, is left."""
    for document_id in document_ids:
        with suppress(StaleUpstreamError, SupersededError, UnreadableFileError):
            with store.database.transaction() as connection:
                document = get_document(connection, document_id, person=PIPELINE, sealer=store.sealer)
            render_missing(store, document)


def match_frames(store: Stores, frames: LectureFrames, pages: Sequence[tuple[Page, str]]) -> list[SceneMatch]:
    """Which of these pages each scene of a recording shows.

    Args:
        frames: with a file of scenes. pages: each with the name of its picture in the file store.

    Raises:
        StorageUnavailableError, UnreadableFileError
    """
    assert frames.frames_sha256 is not None  # noqa: S101  the caller asked
    with store.files.local_path(frames.frames_sha256) as path, path.open("rb") as packed:
        seen = read_scenes(packed)
    pictures = list[bytes]()
    for _, sha256 in pages:
        with store.files.local_path(sha256) as path:
            pictures.append(path.read_bytes())
    matches = match_pages(seen.pictures, pictures, limits=matching_limits(store.settings))
    return [
        SceneMatch(
            start_ms=scene.start_ms,
            end_ms=scene.end_ms,
            steady=scene.steady,
            pages=frozenset(pages[number][0] for number in match.pages),
        )
        for scene, match in zip(seen.scenes, matches, strict=True)
    ]
