"""Output on the terminal: rich for people on stderr and stdout, plain JSON on stdout for programs."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import typer
from rich.console import Console

from pipelines.core.errors import StudyBuddyError

PLAIN_WIDTH = 140
"""Columns where output goes to a file or a pipe, which have no width of their own."""

console = Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)
"""Results for people."""

errors = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else PLAIN_WIDTH)
"""Progress and messages; never mixed into a program's JSON."""


def print_json(value: Any) -> None:
    """One JSON document on stdout; ids and paths become strings."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str, allow_nan=False) + "\n")


def fail(message: str) -> NoReturn:
    """Say why on stderr and end with exit code 1."""
    errors.print(f"[red]✗[/red] {message}", markup=True)
    raise typer.Exit(1)


@contextmanager
def told() -> Iterator[None]:
    """Turn every expected failure into its sentence and exit code 1; bugs keep their traceback."""
    try:
        yield
    except StudyBuddyError as error:
        errors.print("[red]✗[/red]", end=" ")
        errors.print(error.message, markup=False)
        raise typer.Exit(1) from None


def clock(milliseconds: int | None) -> str:
    """`3:07` or `1:02:07`; empty for None."""
    if milliseconds is None:
        return ""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
