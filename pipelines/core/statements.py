"""SQL statements from files: one file a noun, each statement under a line `-- name: NAME`.

Belongs here: reading and caching the text. Running it belongs to the module named after the noun.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

CORE_SQL = Path(__file__).parent / "sql"

_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)
_COMMENT = re.compile(r"^ *--.*\n", re.MULTILINE)
"""psycopg remembers what it made of a statement of 4,096 characters at most: comments stay here."""


@cache
def statements(folder: Path) -> Mapping[str, str]:
    """Every statement of `folder`'s files by its name. Names are unique in a folder (tests/house/test_sql.py)."""
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.sql")):
        _, *parts = _NAME.split(path.read_text(encoding="utf-8"))
        found |= {name: text.strip() for name, text in zip(parts[::2], parts[1::2], strict=True)}
    return found


def statement(name: str, folder: Path = CORE_SQL) -> str:
    """The text of the statement `name`, without the lines that are comments.

    Files ship with the code and are as trusted as it is.

    Raises:
        KeyError: there is no such statement.
    """
    return _without_comments(statements(folder)[name])


@cache
def _without_comments(text: str) -> str:
    return _COMMENT.sub("", text)
