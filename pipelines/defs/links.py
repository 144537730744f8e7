"""The recording of a lecture by link, fetched at the beginning of its run; how far it has come is told meanwhile."""

import time

from pipelines.core.errors import UnreadableFileError
from pipelines.core.files import StoredFile
from pipelines.core.lecture_links import find_link, listed_origins, put_fetched_recording
from pipelines.core.records import Lecture
from pipelines.core.stored_files import drop_unreferenced
from pipelines.core.stores import Stores
from pipelines.core.uploads import lock_upload, note_stage
from pipelines.defs.parsing import link_limits
from pipelines.steps.links.fetch import fetch

TELL_S = 2.0
"""Pause between two words on how far it has come; a lecture that was deleted is given up then, too."""


def with_recording(store: Stores, lecture: Lecture) -> Lecture:
    """The lecture with its recording in the store, fetched where it has none yet and a link says where it is.

    Raises:
        UnreadableFileError, LinkUnreachableError: as `fetch`.
        SupersededError: it was deleted or replaced meanwhile.
        PermanentError: `person_quota`, `course_quota`.
        StorageUnavailableError
    """
    if lecture.media_sha256 is not None:
        return lecture
    with store.database.transaction() as connection:
        url = find_link(connection, lecture)
    if url is None:
        return lecture
    stored = _fetched(store, lecture, url)
    try:
        with store.database.transaction() as connection:
            return put_fetched_recording(connection, store.settings, store.files, lecture, stored)
    finally:
        if not stored.existed:
            drop_unreferenced(store.database, store.files, [stored.sha256])


def _fetched(store: Stores, lecture: Lecture, url: str) -> StoredFile:
    settings = store.settings
    max_bytes = settings.media_max_mb * 10**6
    items = fetch(
        url,
        trusted=listed_origins(settings),
        max_bytes=max_bytes,
        max_s=settings.media_max_hours * 3600,
        limits=link_limits(settings),
    )
    came, told_at = 0, 0.0
    with store.files.begin(max_bytes=max_bytes) as incoming:
        try:
            for item in items:
                incoming.write(item.block)
                came += len(item.block)
                if time.monotonic() - told_at >= TELL_S:
                    told_at = time.monotonic()
                    _tell(store, lecture, came, item.total)
        finally:
            items.close()
        if came == 0:
            raise UnreadableFileError("There is nothing at this link.", code="empty_file")
        return incoming.finish()


def _tell(store: Stores, lecture: Lecture, came: int, total: int | None) -> None:
    """Say how far it has come.

    Raises:
        SupersededError: nobody wants it any more.
    """
    done, whole = came // 10**6, total // 10**6 if total else 0
    of = f" of {whole}" if whole else ""
    with store.database.transaction(lasting=False) as connection:
        lock_upload(connection, lecture)
        note_stage(connection, lecture, f"fetched {done}{of} MB", counted=(done, whole) if whole else None)
