"""Output on the terminal: rich for people on stderr and stdout, plain JSON on stdout for programs."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from pipelines.core.control_characters import escape_controls, escape_controls_in_json
from pipelines.core.errors import StudyBuddyError
from pipelines.core.settings import get_settings
from pipelines.core.tracing.spans import export_spans, span

PLAIN_WIDTH = 140
"""Columns where output goes to a file or a pipe, which have no width of their own."""


class SafeConsole(Console):
    """Console that sends no control character to the terminal but its own, whatever text it was given."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """The segments of `renderable`, their text made visible."""
        for segment in super().render(renderable, options):
            if segment.control or (text := escape_controls(segment.text, lines=True)) == segment.text:
                yield segment
            else:
                yield Segment(text, segment.style)


console = SafeConsole(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)
"""Results for people."""

errors = SafeConsole(stderr=True, highlight=False, width=None if sys.stderr.isatty() else PLAIN_WIDTH)
"""Progress and messages; never mixed into a program's JSON."""


def print_json(value: Any) -> None:
    """One JSON document on stdout; ids and paths become strings."""
    document = json.dumps(value, ensure_ascii=False, indent=2, default=str, allow_nan=False)
    sys.stdout.write(escape_controls_in_json(document) + "\n")


def foreign(text: str) -> Text:
    """Text that somebody else wrote (a name, a title, a message with one in it): one line, no markup, no controls."""
    return Text(escape_controls(text))


def fail(message: str) -> NoReturn:
    """Say why on stderr and end with exit code 1."""
    errors.print(Text.assemble(("✗", "red"), " ", foreign(message)))
    raise typer.Exit(1)


@contextmanager
def told() -> Iterator[None]:
    """Turn every expected failure into its sentence and exit code 1; bugs keep their traceback."""
    try:
        yield
    except StudyBuddyError as error:
        errors.print(Text.assemble(("✗", "red"), " ", foreign(error.message)))
        raise typer.Exit(1) from None
    except OSError as error:  # a full disk, a home that may only be read, no more open files, ...
        place = f"{error.filename}: " if error.filename else ""
        errors.print(Text.assemble(("✗", "red"), " ", foreign(f"{place}{error.strerror or type(error).__name__}.")))
        raise typer.Exit(1) from None


@contextmanager
def traced_command(name: str) -> Iterator[None]:
    """Around a command that brings uploads: their runs go on in its trace.

    Raises:
        SettingsError: as `export_spans`.
    """
    export_spans(get_settings(), "studybuddy-command")
    with span(name):
        yield


def clock(milliseconds: int | None) -> str:
    """`3:07` or `1:02:07`; empty for None."""
    if milliseconds is None:
        return ""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
