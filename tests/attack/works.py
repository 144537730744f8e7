"""Works that a process may die in, each as the product does it: recording, processing, deleting, sweeping, ..."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import dagster as dg

from pipelines.cli.candidates import Candidate
from pipelines.cli.uploads import DECKS, LECTURES, Options
from pipelines.core.courses import ensure_course
from pipelines.core.partitions import partition_keys
from pipelines.core.postgres import migrate_database
from pipelines.core.settings import get_settings
from pipelines.core.stored_files import sweep_files
from pipelines.core.stores import Stores
from pipelines.core.uploads import KINDS, delete_upload, list_deleted, purge_upload
from pipelines.definitions import defs
from serving.run import make_server
from tests.serving.conftest import QUICK

PIECE_MS = 4_000
"""Short pieces of recognition, so that a short recording has several."""


def record(path: Path) -> None:
    """What `ingest` does before anything is processed: the bytes stored, the row written."""
    candidate = Candidate(path=path, source_name=path.name, kind="deck" if path.suffix == ".pdf" else "lecture")
    with Stores.open() as stores:
        with stores.database.transaction() as connection:
            course = ensure_course(connection, "Optimisation")
        graph = DECKS if path.suffix == ".pdf" else LECTURES
        graph.put(stores, course.id, candidate, Options(replace=True))


def process(kind: str, file_name: str) -> None:
    """One run of the whole graph of the upload with this name, as the sensor asks for it."""
    from pipelines.steps.speech import transcripts

    transcripts.PIECE_MS = PIECE_MS
    with Stores.open() as stores, stores.database.transaction() as connection:
        found = connection.execute(f"select id from {kind}s where file_name = %s", [file_name]).fetchone()  # noqa: S608
        assert found is not None
        key = partition_keys(connection, [found[0]])[found[0]]
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(f"{kind}s", [key])
        defs.resolve_job_def(f"process_{kind}").execute_in_process(partition_key=key, instance=instance)


def delete() -> None:
    """Every upload deleted, then what is left of it removed, as the command and the sensor do it."""
    with Stores.open() as stores:
        for kind in KINDS:
            with stores.database.transaction() as connection:
                ids = [row[0] for row in connection.execute(f"select id from {kind.table} where deleted_at is null")]  # noqa: S608
            for upload_id in ids:
                with stores.database.transaction() as connection:
                    delete_upload(connection, kind, upload_id)
            with stores.database.transaction() as connection:
                deleted = list_deleted(connection, kind)
            for upload_id in deleted:
                purge_upload(stores.database, stores.files, kind, upload_id)


def litter() -> None:
    """Bytes that were stored and never recorded, as uploads that died leave them."""
    with Stores.open() as stores:
        for number in range(250):
            stores.files.add(io.BytesIO(b"%d" % number))


def sweep() -> None:
    """Every stored file that no row refers to removed, however young."""
    with Stores.open() as stores:
        sweep_files(stores.database, stores.files, older_than_s=0)


def migrate() -> None:
    """The schema brought to the newest version."""
    migrate_database(get_settings())


def serve(port: int) -> None:
    """The API, until it is ended."""
    make_server(get_settings(), "127.0.0.1", port, limits=replace(QUICK, dead_after_s=3.0)).run()


def in_order(*works: tuple[Callable[..., None], tuple[object, ...]]) -> None:
    """Several works, one after the other."""
    for work, arguments in works:
        work(*arguments)
