"""Finds SQL files: one statement a file, named like the function that runs it.

Belongs here: reading and caching the text. Running it belongs to the module named after the noun.
"""

from functools import cache
from pathlib import Path

CORE_SQL = Path(__file__).parent / "sql"


@cache
def statement(name: str, folder: Path = CORE_SQL) -> str:
    """The text of `folder/name.sql`. Files ship with the code and are as trusted as it is."""
    return (folder / f"{name}.sql").read_text(encoding="utf-8")
