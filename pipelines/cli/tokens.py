"""`studybuddy tokens`: lists personal access tokens, makes and revokes them, for who runs the machine."""

import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from pipelines.cli.output import console, errors, foreign, print_json, told
from pipelines.core.errors import NotFoundError
from pipelines.core.models.payers import find_local_person
from pipelines.core.names import nfc
from pipelines.core.postgres import Connection
from pipelines.core.registry.access_tokens import delete_access_token, list_access_tokens, make_access_token
from pipelines.core.registry.people import find_person, list_people
from pipelines.core.stores import Stores

JsonOption = Annotated[bool, typer.Option("--json", help="As JSON.")]
WhoseOption = Annotated[
    str, typer.Option("--person", help="Their email, subject, name or id; not given: this machine's own user.")
]


class Scope(StrEnum):
    """What a token may do."""

    READ = "read"
    CHAT = "chat"
    UPLOAD = "upload"


tokens = typer.Typer(help="List, make and revoke personal access tokens: what programs show to ask as a person.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(tokens, name="tokens")


@tokens.callback(invoke_without_command=True)
def tokens_or_list(context: typer.Context, json: JsonOption = False) -> None:
    """List, make and revoke personal access tokens; without more it lists them."""
    if context.invoked_subcommand is None:
        list_all("", json=json)


@tokens.command("list")
def list_all(
    person: Annotated[str, typer.Option("--person", help="Only those of this person.")] = "", json: JsonOption = False
) -> None:
    """Show tokens, newest first: whose they are, what for, and when they were used. Secrets are kept nowhere."""
    with told(), Stores.open() as stores, stores.database.transaction() as connection:
        found = list_access_tokens(connection, find_person(connection, person).id if person else None)
        people = {each.id: each.name or each.email or each.subject or each.issuer for each in list_people(connection)}
    if json:
        print_json([asdict(token) for token in found])
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("person", "name", "for", "made", "used", "ends", "id"):
        table.add_column(name, overflow="fold")
    for token in found:
        times = [_day(token.created_at), _day(token.used_at), _day(token.expires_at)]
        whose = foreign(people.get(token.user_id) or str(token.user_id))
        table.add_row(whose, foreign(token.name), ", ".join(token.scopes), *times, str(token.id))
    console.print(table)


@tokens.command()
def make(
    name: Annotated[str, typer.Argument(help="What it is for, so that it is known later.")],
    scope: Annotated[list[Scope], typer.Option(help="What it may do; several times.")],
    person: WhoseOption = "",
    days: Annotated[int, typer.Option(min=1, max=3650, help="It ends after so many days.")] = 90,
    json: JsonOption = False,
) -> None:
    """Make a token and print it, this once. Its person sees it in their settings, and in what was done."""
    ends = datetime.now(UTC) + timedelta(days=days)
    with told(), Stores.open() as stores, stores.database.transaction() as connection:
        whose = _whose(connection, person, issuer=stores.settings.oidc_issuer)
        made, secret = make_access_token(
            connection, whose, name=nfc(name)[:200], scopes=sorted({each.value for each in scope}), expires_at=ends
        )
    if json:
        print_json({"id": made, "token": secret, "expires_at": ends})
        return
    sys.stdout.write(f"{secret}\n")
    errors.print(f"Good until {_day(ends)}; it is kept nowhere and cannot be shown again.")


@tokens.command()
def revoke(
    token: Annotated[UUID, typer.Argument(help="The token's id, as `tokens list` shows it.")], json: JsonOption = False
) -> None:
    """End a token, whoever's it is; the next request that shows it is refused."""
    with told(), Stores.open() as stores, stores.database.transaction() as connection:
        delete_access_token(connection, token, user_id=None)
    if json:
        print_json({"id": token, "revoked": True})
    else:
        console.print("Revoked.")


def _whose(connection: Connection, said: str, *, issuer: str | None) -> UUID:
    """Whose token it is to be.

    Raises:
        NotFoundError: there is nobody of that name; or nobody was named, and people sign in at an issuer.
    """
    if said:
        return find_person(connection, said).id
    if issuer is not None:
        raise NotFoundError("Say whose it is with --person: people sign in here.")
    return find_local_person(connection)


def _day(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d}" if at is not None else "never"
