"""The end of uploads in pieces that nobody goes on with."""

from pipelines.core.files import FileStore
from pipelines.core.postgres import Database
from pipelines.core.statements import statement


def sweep_partial_uploads(database: Database, files: FileStore) -> int:
    """Remove uploads that nobody has gone on with, and partial files without one; how many files.

    Raises:
        StorageUnavailableError
    """
    there = files.partial.list_ids()  # before the rows: a row is older than its file
    with database.transaction() as connection:
        connection.execute(statement("delete_expired_partial_uploads"))
        rows = connection.execute(statement("list_unfinished_partial_uploads"), {"ids": there})
        kept = {row[0] for row in rows}
    gone = [upload_id for upload_id in there if upload_id not in kept]
    for upload_id in gone:
        files.partial.remove(upload_id)
    return len(gone)
