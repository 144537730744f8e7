"""One JSON line an event, with request and run ids and never a prompt, an answer or a key."""

import logging
import sys
from contextvars import ContextVar
from typing import Any

from pydantic_core import to_json

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Id of the request being answered; None outside of one. A run started by a request keeps it."""

_LOGGER = logging.getLogger("studybuddy.serving")


def log(event: str, *, level: int = logging.INFO, **fields: Any) -> None:
    """Write `event` with these fields; None fields are left out. Pass ids, codes, counts and times only."""
    if _LOGGER.isEnabledFor(level):
        line = {"event": event, "request": request_id.get(), **fields}
        _LOGGER.log(level, to_json({key: value for key, value in line.items() if value is not None}).decode())


def set_up(level: str) -> None:
    """Send this service's lines to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter('{"at":"%(asctime)s","level":"%(levelname)s","line":%(message)s}'))
    _LOGGER.handlers = [handler]
    _LOGGER.setLevel(level.upper())
    _LOGGER.propagate = False
