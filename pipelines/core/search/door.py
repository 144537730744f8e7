"""Way from a command to a service of the same home that runs: it has the models loaded, which take longest to load.

A unix socket in the home's folder `run`, which only its user can open: whoever can may read the database as well. One
question a connection, as a line of JSON; the answer is the list of hits, or nothing where the service has other
settings, other code or a reason not to answer. The command then searches by itself, and says what is wrong.
Imports next to nothing: most of a short command's time is imports.
"""

import json
import os
import socket
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from pydantic import SecretStr, TypeAdapter

from pipelines.core.records import Hit, Kind
from pipelines.core.settings import Settings

ANSWER_S = 5.0
"""How long a command waits for the service; longer than a search takes on a busy machine."""

OF_ONE_PROCESS = {"dagster_port", "api_port", "studybuddy_home"}
"""Settings that say nothing about what a search finds."""

CORE = Path(__file__).parents[1]
HITS = TypeAdapter(list[Hit])


def door_of(settings: Settings) -> Path:
    """Where the socket of this home is, or would be."""
    return settings.home / "run" / "search"


def likeness(settings: Settings) -> str:
    """What two processes have in common that find the same: their settings, and the code of this package now."""
    given = {name: value.get_secret_value() if isinstance(value, SecretStr) else value for name, value in settings}
    known = {name: str(value) for name, value in given.items() if name not in OF_ONE_PROCESS}
    code = max(
        os.stat(os.path.join(folder, name)).st_mtime_ns  # noqa: PTH116, PTH118  there are many
        for folder, _, names in os.walk(CORE)
        for name in names
        if name.endswith((".py", ".sql"))
    )
    return sha256(json.dumps([known, str(settings.home), code], sort_keys=True).encode()).hexdigest()


def ask_running(
    settings: Settings, question: str, *, course: str, limit: int, kinds: Sequence[Kind] = ()
) -> list[Hit] | None:
    """What a running service of this home finds; None where none runs that would find what this process does."""
    asked = {"like": likeness(settings), "question": question, "course": course, "limit": limit, "kinds": list(kinds)}
    try:
        with socket.socket(socket.AF_UNIX) as door:
            door.settimeout(ANSWER_S)
            door.connect(os.fspath(door_of(settings)))
            door.sendall(json.dumps(asked).encode() + b"\n")
            with door.makefile("rb") as answer:
                found = answer.read()
        return HITS.validate_json(found)
    except (OSError, ValueError):  # nothing was answered: no JSON
        return None
