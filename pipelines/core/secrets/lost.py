"""Secrets whose master key is lost: how many there are, and what an operator reads until they are entered again."""

from dataclasses import dataclass

from psycopg.rows import class_row

from pipelines.core.postgres import Connection
from pipelines.core.secrets.crypto import Sealer
from pipelines.core.statements import statement


@dataclass(frozen=True, slots=True, kw_only=True)
class LostSecrets:
    """Secrets that no master key here opens: people's `keys` of model providers, and `passwords` of decks."""

    keys: int
    passwords: int

    @property
    def warnings(self) -> list[str]:
        """A sentence for an operator; empty: nothing is lost."""
        if not self.keys and not self.passwords:
            return []
        return [
            f"The master key is lost that sealed {self.keys} keys of model providers and {self.passwords} passwords of "
            "decks. Put it back behind the one in use (master.key or MASTER_KEYS); otherwise people are asked to "
            "connect and to enter them again. Everything else works."
        ]


def count_lost_secrets(connection: Connection, sealer: Sealer) -> LostSecrets:
    """How many secrets were sealed with a master key that is not here."""
    with connection.cursor(row_factory=class_row(LostSecrets)) as cursor:
        return cursor.execute(statement("count_lost_secrets"), {"marks": sealer.marks()}).fetchall()[0]
