"""`studybuddy keys`: the master keys that seal stored secrets are changed while everything runs."""

from typing import Annotated

import typer

from pipelines.cli.output import console, print_json, told
from pipelines.core.secrets.rotation import rotate_keys
from pipelines.core.stores import Stores

keys = typer.Typer(help="Change the key that seals stored secrets.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(keys, name="keys")


@keys.command()
def rotate(json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Seal every stored secret with a new master key. May be stopped and started again at any time.

    Where MASTER_KEYS is set, put the new key first, restart every process, and run this; the old one may go after that.
    """
    with told(), Stores.open() as stores:
        done = rotate_keys(stores)
    if json:
        print_json({"resealed": done.resealed, "lost": done.lost, "busy": done.busy, "new_key": done.new_key})
    else:
        made = "A new master key is in use" if done.new_key else "The first of MASTER_KEYS is in use"
        console.print(f"{made}; {done.resealed} secrets are sealed with it.")
        if done.lost:
            console.print(f"{done.lost} secrets open with no key: their owners connect or enter them again.")
        if done.busy:
            console.print(f"{done.busy} secrets were in use; run this once more.")
    if done.busy:
        raise typer.Exit(1)
