"""The database: where it is, a small pool, and transactions that end at the edge.

Belongs here: connecting, and rows as records. Statements belong to the module named after their noun. Dagster's own
storage is another database with its own pool; this pool never serves it.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from pgvector.psycopg import register_vector
from psycopg.rows import TupleRow, class_row
from psycopg_pool import ConnectionPool, PoolTimeout

from pipelines.core.database_address import libpq_address, parse_address, sqlalchemy_address
from pipelines.core.embedded import EmbeddedServer
from pipelines.core.errors import SettingsError, StorageUnavailableError
from pipelines.core.migrate import connection_name, migrate
from pipelines.core.records import PIPELINE, Person
from pipelines.core.schemas import IN_PUBLIC, Schemas, checked_name, find_schemas
from pipelines.core.settings import Settings
from pipelines.core.statements import statement
from pipelines.core.tracing.spans import current_trace

Connection = psycopg.Connection[TupleRow]
Record = TypeVar("Record")

APP_DATABASE = "studybuddy"
DAGSTER_DATABASE = "dagster"
POOL_TIMEOUT_S = 10.0
PREPARE_AFTER = 5
"""How often a statement runs on a connection before the server is asked to prepare it (psycopg's own figure)."""

RECONNECT_S = 2.0
"""How long a pool goes on by itself to connect, waiting twice as long each time; who needs it then asks anew. With
psycopg's five minutes a server that restarts is found again up to a minute and a half later."""


class Database:
    """A pool of connections to the application's database. Open with `Database.open`, close when done.

    Args:
        direct_url: the same database past the pooler that `url` names, for what outlasts a transaction; None: there is
            no pooler.
    """

    def __init__(
        self, url: str, *, direct_url: str | None = None, schemas: Schemas = IN_PUBLIC, max_size: int = 8
    ) -> None:
        self.url, self.schemas = url, schemas
        self.direct_url = direct_url or url
        self._pool = ConnectionPool(
            url,
            min_size=0,
            max_size=max_size,
            open=True,
            reconnect_timeout=RECONNECT_S,
            configure=self._configure,
            check=still_connected,
            kwargs={"application_name": connection_name("studybuddy"), **prepared(url, self.direct_url)},
        )

    @classmethod
    def open(cls, settings: Settings, *, max_size: int = 8) -> "Database":
        """Connect to `settings`' database, starting the embedded server and migrating where needed.

        Raises:
            SettingsError, StorageUnavailableError, MigrationError
        """
        direct, name = direct_url(settings), checked_name(settings.database_schema)
        with _translated():
            migrate(direct, schema=name)
            with psycopg.connect(direct) as connection:
                schemas = find_schemas(connection, name)
        return cls(application_url(settings), direct_url=direct, schemas=schemas, max_size=max_size)

    @contextmanager
    def transaction(
        self,
        *,
        as_person: Person = PIPELINE,
        course_id: UUID | None = None,
        lasting: bool = True,
        pipelined: bool = False,
    ) -> Iterator[Connection]:
        """Borrow a connection for one transaction: committed on leaving, rolled back on an exception.

        Args:
            as_person: who asks, for row security.
            course_id: the only course whose uploads are read, which makes row security cheap; None: all of theirs.
            lasting: wait until the disk has it; False may lose it in a power cut, and costs no wait.
            pipelined: send statements together until a row is asked for, so that few round trips are made. What a
                statement breaks whose rows nobody reads is then raised on leaving.

        Raises:
            StorageUnavailableError: the server is gone, restarting, full, or the pool is exhausted.
        """
        with _translated(), ExitStack() as borrowed:
            connection = self._borrow(borrowed)
            if pipelined:
                borrowed.enter_context(connection.pipeline())
            borrowed.enter_context(connection.transaction())
            connection.execute(BECOME, become(as_person, course_id, path=self.schemas.path))
            if not lasting:
                connection.execute("set local synchronous_commit = off")
            yield connection

    def _borrow(self, borrowed: ExitStack) -> Connection:
        """A connection until `borrowed` ends. Asked for anew now and then: a pool that has given up connecting to a
        server that is away lets those who wait already wait on, although it is back.
        """
        deadline = time.monotonic() + POOL_TIMEOUT_S
        while True:
            try:
                return borrowed.enter_context(self._pool.connection(timeout=RECONNECT_S))
            except PoolTimeout:
                if time.monotonic() > deadline:
                    raise

    def _configure(self, connection: psycopg.Connection[Any]) -> None:
        connection.execute(statement("look_in"), {"path": self.schemas.path, "transaction": True})
        register_vector(connection)
        connection.commit()

    def stats(self) -> dict[str, int]:
        """How many connections there are, and how many callers waited for one (psycopg's names)."""
        return self._pool.get_stats()

    def close(self) -> None:
        """Give every connection back to the server."""
        self._pool.close()

    def __enter__(self) -> "Database":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def database_urls(settings: Settings) -> tuple[str, str]:
    """(the application's database as `direct_url` gives it, Dagster URL); as `application_url`.

    Raises:
        SettingsError: a URL cannot be read, or Dagster's is missing.
        StorageUnavailableError: the embedded server does not start.
    """
    app = direct_url(settings)
    if settings.dagster_database_url is not None:
        dagster = settings.dagster_database_url.get_secret_value()
    elif settings.database_url is None:
        dagster = EmbeddedServer.use(settings.home).url(DAGSTER_DATABASE)
    else:
        raise SettingsError("DATABASE_URL is set, so DAGSTER_DATABASE_URL must name Dagster's own database too.")
    return app, sqlalchemy_address(parse_address(dagster, name="DAGSTER_DATABASE_URL"))


def application_url(settings: Settings) -> str:
    """The application database's URL; starts the embedded server and makes its databases where DATABASE_URL is unset.

    Raises:
        SettingsError: it cannot be read.
        StorageUnavailableError: the embedded server does not start.
    """
    if settings.database_url is not None:
        return libpq_address(parse_address(settings.database_url.get_secret_value(), name="DATABASE_URL"))
    server = EmbeddedServer.use(settings.home)
    with _translated():
        _create_databases(server.url("postgres"), {APP_DATABASE, DAGSTER_DATABASE})
    return server.url(APP_DATABASE)


def direct_url(settings: Settings) -> str:
    """The application database's URL without a pooler: for migrations, LISTEN, dumps, and locks of a session.

    Raises:
        SettingsError: as `application_url`; or it is set although DATABASE_URL is not.
        StorageUnavailableError: as `application_url`.
    """
    if settings.database_direct_url is None:
        return application_url(settings)
    if settings.database_url is None:
        raise SettingsError("DATABASE_DIRECT_URL is set, so DATABASE_URL must name the pooler before that database.")
    return libpq_address(parse_address(settings.database_direct_url.get_secret_value(), name="DATABASE_DIRECT_URL"))


def prepared(url: str, direct_url: str, threshold: int = PREPARE_AFTER) -> dict[str, int | None]:
    """psycopg's argument that says when statements are prepared: never through a pooler, which gives each transaction
    another of the server's connections, where nobody has prepared them.
    """
    return {"prepare_threshold": threshold if url == direct_url else None}


def migrate_database(settings: Settings) -> list[str]:
    """Bring the application's database to the newest schema; names of the migrations applied now.

    Raises:
        SettingsError, StorageUnavailableError, MigrationError
    """
    url, name = direct_url(settings), checked_name(settings.database_schema)
    with _translated():
        return migrate(url, schema=name)


def _create_databases(admin_url: str, names: set[str]) -> None:
    with psycopg.connect(admin_url, autocommit=True) as connection:
        found = {name for (name,) in connection.execute("select datname from pg_database")}
        for name in names - found:
            with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):  # another was first
                connection.execute(psycopg.sql.SQL("create database {}").format(psycopg.sql.Identifier(name)))


def read_records(connection: Connection, record: type[Record], name: str, parameters: dict[str, Any]) -> list[Record]:
    """The rows of the statement `name`, each as a `record` made from its columns."""
    with connection.cursor(row_factory=class_row(record)) as cursor:
        return cursor.execute(statement(name), parameters).fetchall()


def read_record(connection: Connection, record: type[Record], name: str, parameters: dict[str, Any]) -> Record | None:
    """The first row of the statement `name`, as `read_records` gives it; None: it has none."""
    return next(iter(read_records(connection, record, name, parameters)), None)


def values_of(record: object) -> dict[str, Any]:
    """The fields of a record with slots as a statement takes them, by their names: what `read_records` reads back."""
    return {name: getattr(record, name) for name in type(record).__slots__}  # type: ignore[attr-defined]


def still_connected(connection: psycopg.BaseConnection[Any]) -> None:
    """Sort out a connection that died while it rested. A look at the socket: asking the server would cost a round trip.

    Raises:
        psycopg.OperationalError: the server has closed it.
    """
    connection.pgconn.consume_input()  # takes in what the server said last
    connection.pgconn.consume_input()  # finds that it has hung up


BECOME = statement("become")
"""First statement of every transaction: row security goes by what it sets, and names are found where it says, until the
transaction ends and no longer."""


def become(person: Person, course_id: UUID | None = None, *, path: str = IN_PUBLIC.path) -> dict[str, str]:
    """Parameters of `BECOME`. `course_id` None: of all courses. `path`: of `Schemas`."""
    role = "studybuddy_app" if person.name == "person" else "studybuddy_pipeline"
    return {
        "role": role,
        "person": str(person.id) if person.id is not None else "",
        "course": str(course_id) if course_id is not None else "",
        "path": path,
        "trace": current_trace() or "",
    }


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except psycopg.errors.DiskFull:
        raise StorageUnavailableError("The database's disk is full; free some space and try again.") from None
    except (psycopg.OperationalError, PoolTimeout) as error:
        raise StorageUnavailableError(f"The database cannot be reached now ({type(error).__name__}).") from None
