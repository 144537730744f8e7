"""The command `studybuddy`: one module a group of commands, all registered here.

Belongs here: parsing of arguments and what people see. What a command does lives in core, steps and defs.
"""

import typer

from pipelines.cli import ask, demo, evaluate, ingest, search, system, transcript
from pipelines.core.home import close_new_files

app = typer.Typer(
    name="studybuddy",
    help="Makes a university's slides and lecture recordings answerable.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # locals may hold a key
    pretty_exceptions_short=True,
)
for module in (system, ingest, transcript, search, ask, evaluate, demo):
    module.register(app)


def main() -> None:
    """Entry point of the console script."""
    close_new_files()
    app()
