"""The command `studybuddy`: one module a group of commands, registered here.

Belongs here: parsing of arguments and what people see. What a command does lives in core, steps and defs.
"""

import gc
import signal
import sys
from collections.abc import Sequence
from importlib import import_module

import typer

from pipelines.core.home import stay_private

COMMANDS = {
    "system": ("up", "down", "status", "serve", "migrate"),
    "worker": ("worker",),
    "roles": ("daemon", "webserver", "healthy"),
    "doctor": ("doctor",),
    "open_browser": ("open",),
    "ingest": ("ingest",),
    "materials": ("list", "show", "rename", "delete", "reprocess"),
    "courses": ("courses",),
    "people": ("people",),
    "tokens": ("tokens",),
    "stored_files": ("files",),
    "backups": ("backup", "restore"),
    "keys": ("keys",),
    "costs": ("costs",),
    "transcript": ("transcript",),
    "search": ("search",),
    "ask": ("ask",),
    "assistants": ("mcp",),
    "answers": ("answers",),
    "questions": ("questions",),
    "sets": ("sets",),
    "what_if": ("what-if",),
    "adopt": ("adopt",),
    "evaluate": ("evaluate", "evaluate-alignment"),
    "demo": ("demo",),
}
"""Which module has which commands, in the order of the help. Only the module of the command that was typed is imported:
a search would otherwise wait for everything a chat and an ingest need."""


def make_app(names: Sequence[str] = ()) -> typer.Typer:
    """The application with the modules that have these commands; with all of them where none is named or known."""
    app = typer.Typer(
        name="studybuddy",
        help="Makes a university's slides and lecture recordings answerable.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_show_locals=False,  # locals may hold a key
        pretty_exceptions_short=True,
    )
    app.callback()(_group)
    wanted = [module for module, commands in COMMANDS.items() if set(commands) & set(names)]
    for module in wanted or COMMANDS:
        import_module(f"pipelines.cli.{module}").register(app)
    return app


def _group() -> None:
    """Makes a university's slides and lecture recordings answerable."""  # a lone command would else have no name


def main() -> None:
    """Entry point of the console script."""
    gc.disable()  # what imports make stays: looking for garbage among it is a tenth of the time of a short command
    stay_private()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # in order: a database may have to stop
    app = make_app(sys.argv[1:2])
    gc.freeze()
    gc.enable()
    app()
