"""`studybuddy backup` and `restore`: everything of this deployment into a folder or a bucket, and back."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from pipelines.cli.materials import size
from pipelines.cli.output import console, errors, fail, print_json, told
from pipelines.core.backups.places import Manifest, Place
from pipelines.core.backups.restoring import check_backup, choose, restore_backup
from pipelines.core.backups.writing import drop_old, make_backup
from pipelines.core.settings import get_settings, listed
from pipelines.core.stores import Stores
from pipelines.runtime import services

PlaceArgument = Annotated[str, typer.Argument(help="A folder, or an address of files such as s3://bucket/prefix.")]
IdentityOption = Annotated[
    Path | None, typer.Option(help="File with the secret key (of `age-keygen`) that opens an encrypted backup.")
]
AtOption = Annotated[str | None, typer.Option(help="Time of the backup, as `backup` told it; the newest if unset.")]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(backup)
    app.command()(restore)


def backup(
    place: PlaceArgument,
    *,
    keep: Annotated[int | None, typer.Option(min=1, help="Keep this many backups there; older ones go.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Make none: read one that is there, and compare it.")] = False,
    at: AtOption = None,
    json: JsonOption = False,
) -> None:
    """Save the databases and all files they name. What an earlier backup there holds is not copied again."""
    settings = get_settings()
    with told():
        there = Place(place, recipients=listed(settings.backup_recipients))
        if check:
            manifest = choose(there, at)
            with _progress("Checking") as step:
                check_backup(there, manifest, told=step)
            removed, copied = [], 0
        else:
            with Stores.open() as stores, _progress("Copying files") as step:
                manifest, copied = make_backup(stores, there, told=step)
            removed = drop_old(there, keep) if keep is not None else []
    if json:
        print_json(_as_json(manifest) | {"copied": copied, "removed": removed, "checked": check})
        return
    verb = "is whole" if check else f"was made: {copied} files copied"
    console.print(
        f"The backup of {manifest.at} {verb}, {len(manifest.files)} files and {size(_bytes(manifest))} in all."
    )
    if removed:
        console.print(f"Removed: {', '.join(removed)}.")
    if not check and not manifest.encrypted:
        console.print(
            "It is not encrypted, so the master key stays out: keep a copy of master.key elsewhere, or set "
            "BACKUP_RECIPIENTS to age's public keys."
        )


def restore(
    place: PlaceArgument, *, at: AtOption = None, identity: IdentityOption = None, json: JsonOption = False
) -> None:
    """Put a backup into a home and databases that hold nothing. It is checked whole before anything is written."""
    settings = get_settings()
    with told():
        if services.running(settings) is not None:
            fail("StudyBuddy runs in this home; a backup is restored into a new one.")
        lines = identity.read_text().splitlines() if identity is not None else []
        there = Place(place, identities=[line.strip() for line in lines if line.strip() and not line.startswith("#")])
        manifest = choose(there, at)
        with _progress("Restoring") as step:
            restore_backup(settings, there, manifest, told=step)
    if json:
        print_json(_as_json(manifest))
        return
    console.print(f"Restored the backup of {manifest.at}: {len(manifest.files)} files. `studybuddy up` starts it.")
    if not manifest.encrypted:
        console.print(
            "Secrets of people are sealed with the old home's master.key: put it into this home, or people connect "
            "their keys again."
        )


def _as_json(manifest: Manifest) -> dict[str, object]:
    return {
        "at": manifest.at,
        "encrypted": manifest.encrypted,
        "files": len(manifest.files),
        "bytes": _bytes(manifest),
        "counts": manifest.counts,
    }


def _bytes(manifest: Manifest) -> int:
    return sum(each.byte_count for each in [*manifest.dumps.values(), *manifest.files.values()])


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    with Progress(TextColumn(what), BarColumn(), MofNCompleteColumn(), console=errors, transient=True) as shown:
        task = shown.add_task(what, total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)
