"""`studybuddy files`: do the stored bytes and the rows agree, and what no row refers to goes."""

import re
from typing import Annotated

import typer

from pipelines.cli.materials import size
from pipelines.cli.output import console, print_json, told
from pipelines.core.stored_files import GRACE_S, check_files, sweep_files
from pipelines.core.stores import Stores

JsonOption = Annotated[bool, typer.Option("--json", help="As JSON.")]
UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}

files = typer.Typer(help="Check the file store, and sweep it.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(files, name="files")


@files.command()
def check(json: JsonOption = False) -> None:
    """Compare rows and stored bytes; exits with 1 where bytes are missing that a row refers to."""
    with told(), Stores.open() as stores:
        found = check_files(stores.database, stores.files)
    if json:
        print_json({"missing": len(found.missing), "unreferenced": len(found.unreferenced)})
    else:
        console.print(f"missing: {len(found.missing)}, unreferenced: {len(found.unreferenced)}")
        for word, names in (("missing", found.missing), ("unreferenced", found.unreferenced)):
            for name in names:
                console.print(f"{word:12} {name}")
        if found.unreferenced:
            console.print("`studybuddy files sweep` removes what is unreferenced for a day.")
    if found.missing:
        raise typer.Exit(1)


@files.command()
def sweep(
    older_than: Annotated[
        str, typer.Option(help="Leave what is younger than this: 0s, 30m, 12h, 7d.")
    ] = f"{GRACE_S / UNITS_S['h']:.0f}h",
    json: JsonOption = False,
) -> None:
    """Remove stored bytes that no row refers to. Uploads under way are safe."""
    seconds = _seconds(older_than)
    with told(), Stores.open() as stores:
        swept = sweep_files(stores.database, stores.files, older_than_s=seconds)
    if json:
        print_json({"removed": swept.files, "bytes": swept.byte_count, "remains": swept.remains})
    else:
        console.print(f"Removed {swept.files} files ({size(swept.byte_count)}) and {swept.remains} remains of uploads.")


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d+)([smhd])", text.strip())
    if found is None:
        raise typer.BadParameter("use a number and a unit, such as 0s, 30m, 12h or 7d", param_hint="--older-than")
    return float(found.group(1)) * UNITS_S[found.group(2)]
