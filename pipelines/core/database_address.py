"""Addresses of databases in every spelling people use, parsed and never shown with a secret in them.

`postgresql://u:p@h/d`, `postgresql:///d?host=h&password=p`, `host=h password=p`, and SQLAlchemy's
`postgresql+psycopg2://...` all name a database; two libraries here read them, and each reads fewer of them.
"""

import re
from urllib.parse import quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict

from pipelines.core.errors import SettingsError

_DRIVER = re.compile(r"^(postgres|postgresql)(\+\w+)?://")


def parse_address(text: str, *, name: str) -> dict[str, str]:
    """The parts of an address, as libpq names them (`host`, `port`, `dbname`, `user`, `password`, ...).

    Args:
        name: the setting it came from, for the message.

    Raises:
        SettingsError: it is no address of a PostgreSQL database; the message repeats nothing of it.
    """
    try:
        found = conninfo_to_dict(_DRIVER.sub("postgresql://", text.strip()))
    except psycopg.Error:
        found = {}
    if not found:
        raise SettingsError(
            f"{name} cannot be read as the address of a PostgreSQL database; "
            "write postgresql://user:password@host:port/database."
        )
    return {key: str(value) for key, value in found.items() if value is not None}


def libpq_address(parts: dict[str, str]) -> str:
    """The address as psycopg reads it."""
    return _url("postgresql", parts)


def sqlalchemy_address(parts: dict[str, str]) -> str:
    """The address as SQLAlchemy reads it, with psycopg2 named.

    With SQLAlchemy 2.1 a bare `postgresql://` picks psycopg 3, and dagster-postgres fails on its first NOTIFY.
    """
    return _url("postgresql+psycopg2", parts)


def shown_address(parts: dict[str, str]) -> str:
    """Host, port and database only: what may be printed."""
    return _url("postgresql", {key: parts[key] for key in ("host", "port", "dbname") if key in parts})


def _url(scheme: str, parts: dict[str, str]) -> str:
    """A URL of these parts. A host that is a folder or a list has its place behind the question mark."""
    rest = dict(parts)
    user, password, database = (rest.pop(key, "") for key in ("user", "password", "dbname"))
    place = ""
    if not re.search(r"[/,@]|^$", rest.get("host", "")):
        host, port = rest.pop("host"), rest.pop("port", "")
        place = (f"[{host}]" if ":" in host else quote(host)) + (f":{port}" if port else "")
    who = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    query = urlencode(rest, quote_via=quote, safe="/")
    return f"{scheme}://{who + '@' if who else ''}{place}/{quote(database, safe='')}" + (f"?{query}" if query else "")
