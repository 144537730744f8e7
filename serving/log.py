"""One JSON line an event, with trace and run ids and never a prompt, an answer or a key."""

import logging
import sys
from typing import Any

from pydantic_core import to_json

from pipelines.core.tracing.spans import current_trace, trace_id_of

_LOGGER = logging.getLogger("studybuddy.serving")


def log(event: str, *, level: int = logging.INFO, **fields: Any) -> None:
    """Write `event` with these fields; None fields are left out. Pass ids, codes, counts and times only.

    `request` is the id of the trace, which answers that it began and runs that were started for it have too.
    """
    if _LOGGER.isEnabledFor(level):
        trace = current_trace()
        line = {"event": event, "request": trace and trace_id_of(trace), **fields}
        _LOGGER.log(level, to_json({key: value for key, value in line.items() if value is not None}).decode())


def set_up(level: str) -> None:
    """Send this service's lines to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter('{"at":"%(asctime)s","level":"%(levelname)s","line":%(message)s}'))
    _LOGGER.handlers = [handler]
    _LOGGER.setLevel(level.upper())
    _LOGGER.propagate = False
