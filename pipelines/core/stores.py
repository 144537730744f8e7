"""Everything a program works with, opened together: database, files, sealer, settings, connections to providers."""

from dataclasses import dataclass

from pipelines.core.files import FileStore
from pipelines.core.home import prepare_home
from pipelines.core.models.clients import Clients
from pipelines.core.postgres import Database
from pipelines.core.secrets.crypto import Sealer
from pipelines.core.settings import Settings, get_settings


@dataclass(frozen=True, slots=True)
class Stores:
    """One program's stores. Use as a context manager, which closes the connections to the database and to providers."""

    settings: Settings
    database: Database
    files: FileStore
    sealer: Sealer
    clients: Clients

    @classmethod
    def open(cls, settings: Settings | None = None) -> "Stores":
        """Open what `settings` name (None: the settings of this process), migrating the database where needed.

        Raises:
            SettingsError, StorageUnavailableError, MigrationError
        """
        settings = settings or get_settings()
        prepare_home(settings.home)
        database = Database.open(settings)
        return cls(settings, database, FileStore.open(settings), Sealer.open_home(settings), Clients(settings))

    def close(self) -> None:
        """Give all connections back."""
        self.clients.close()
        self.database.close()

    def __enter__(self) -> "Stores":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
