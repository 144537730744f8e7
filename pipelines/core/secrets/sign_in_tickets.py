"""Tickets that sign a browser of the local user in, made by `studybuddy open`: each once, within a minute."""

from hashlib import sha256
from secrets import token_urlsafe

from pipelines.core.postgres import Connection
from pipelines.core.statements import statement

LIFE_S = 60.0


def make_ticket(connection: Connection, life_s: float = LIFE_S) -> str:
    """A new ticket; only its hash is kept."""
    ticket = token_urlsafe(32)
    connection.execute(statement("make_ticket"), {"hash": sha256(ticket.encode()).digest(), "life_s": life_s})
    return ticket
