"""Spans: what was done, for how long, under the trace of who asked for it.

Every request and command has a trace. Its log lines carry the id, its uploads' rows, and the runs that are started for
them. Where a collector is named (`exporting.py`), spans are sent to it. Ids, counts and codes only: no text, no name,
no key and no prompt is given to one, and what comes a word at a time has none.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from secrets import token_hex
from typing import TYPE_CHECKING
from uuid import UUID

from pipelines.core.settings import Settings

if TYPE_CHECKING:
    from pipelines.core.tracing.exporting import Exporter

TRACE_TAG = "studybuddy/trace"
"""Of a run: the trace of the request or command that brought its upload."""

Value = str | int | float | UUID | None

_PARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_current: ContextVar[str | None] = ContextVar("trace", default=None)
_exporters: "list[Exporter]" = []
"""None or one: this process's."""


class Span:
    """One thing that is being done."""

    __slots__ = ("name", "parent", "values")

    def __init__(self, name: str, parent: str) -> None:
        self.name, self.parent = name, parent
        """What is done for it names `parent` as its own (W3C's `traceparent`)."""
        self.values: dict[str, str | int | float] = {}

    @property
    def trace_id(self) -> str:
        """The id of the whole trace: 32 hexadecimal digits."""
        return trace_id_of(self.parent)

    def note(self, **values: Value) -> None:
        """Say more of it; None is left out."""
        for name, value in values.items():
            if value is not None:
                self.values[name] = str(value) if isinstance(value, UUID) else value


def export_spans(settings: Settings, part: str) -> None:
    """From now on this process sends its spans where the settings say; nowhere, where they name no collector.

    Args:
        part: the part of the project that this process is.

    Raises:
        SettingsError: the address is none, or what sends them is not installed.
    """
    if settings.otel_exporter_otlp_endpoint is None or _exporters:
        return
    from pipelines.core.tracing.exporting import Exporter

    _exporters.append(Exporter(settings.otel_exporter_otlp_endpoint, part))


def send_spans() -> None:
    """Send what is waiting to be sent: this process may end any time now."""
    for exporter in _exporters:
        exporter.flush()


def trace_id_of(parent: str) -> str:
    """The id of the trace that something is done in, from its `parent`."""
    return parent[3:35]


def current_trace() -> str | None:
    """What is done now, as the parent of what is done for it; None: for nobody in particular."""
    return _current.get()


@contextmanager
def span(
    name: str, *, parent: str | None = None, leaf: bool = False, silent: bool = False, **values: Value
) -> Iterator[Span]:
    """Around something that is done.

    Args:
        parent: what it is done for, as `Span.parent` or a row or a run's tag has it; None, or what is none: for what
            this thread or task does now.
        leaf: nothing is done for it in turn. Needed around what an asynchronous generator yields from.
        silent: the collector hears nothing of it.
        values: ids, counts and codes.
    """
    before = _current.get()
    above = parent if parent is not None and _PARENT.fullmatch(parent) else before
    under = _exporters[0].begin(name, above) if _exporters and not silent else None
    this = under.parent if under is not None else above or f"00-{token_hex(16)}-{token_hex(8)}-01"
    found = Span(name, this)
    found.note(**values)
    if not leaf:
        _current.set(this)
    error: BaseException | None = None
    try:
        yield found
    except BaseException as raised:
        error = raised
        raise
    finally:
        if not leaf:
            _current.set(before)
        if under is not None:
            under.end(found, error)
