"""Finishes deletions where nothing runs in the background: partitions, rows and files go with the command itself."""

from pipelines.cli.output import errors
from pipelines.core.errors import StorageUnavailableError
from pipelines.core.partitions import partition_keys
from pipelines.core.stores import Stores
from pipelines.core.uploads import KINDS, list_deleted, purge_upload
from pipelines.runtime.services import running


def purge_deleted(stores: Stores) -> None:
    """Remove what deleted uploads left behind, unless services run, which do it within a minute."""
    if running(stores.settings) is not None:
        return
    from pipelines.runtime.instance import open_instance

    instance = open_instance(stores.settings)
    try:
        for kind in KINDS:
            with stores.database.transaction() as connection:
                deleted = list_deleted(connection, kind)
                keys = partition_keys(connection, deleted)
            for upload_id in deleted:
                if upload_id in keys and instance.has_dynamic_partition(kind.table, keys[upload_id]):
                    instance.delete_dynamic_partition(kind.table, keys[upload_id])
                purge_upload(stores.database, stores.files, kind, upload_id)
    except StorageUnavailableError as error:
        errors.print(f"{error.message} What is left of deleted files goes later.", markup=False)
    finally:
        instance.dispose()
