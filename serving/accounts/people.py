"""People who ask: who they are, what they may do, and their rows, made when they are first seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import NAMESPACE_URL, UUID, uuid5

from pipelines.core import records
from serving.chat.parts import clean
from serving.database import Connection, row

READ, CHAT, UPLOAD = "read", "chat", "upload"
TOKEN_SCOPES = (READ, CHAT, UPLOAD)
"""What a personal access token may be for."""

ACCOUNT = "account"
"""Managing one's account and one's courses: what no token may do, so that a stolen one cannot make more of itself."""

EVERYTHING = frozenset({*TOKEN_SCOPES, ACCOUNT})
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A person who is signed in, and what this credential of theirs may do.

    `local` is the one user of a machine without sign-in, who owns every course of it. `operator`: may use what is for
    the people who run the service. `former`: they came over from a former deployment and still write there; here they
    only read.
    """

    user_id: UUID
    local: bool
    operator: bool = False
    scopes: frozenset[str] = EVERYTHING
    former: bool = False

    @property
    def person(self) -> records.Person:
        """Who asks, as core knows them."""
        return records.Person(id=self.user_id)

    @property
    def whole(self) -> records.Person:
        """The same where they are given all that is theirs, or it is erased: more than row security shows anybody."""
        return records.Person(id=self.user_id, name="pipeline")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person's row. `name` and `email` None: nobody has said. `issuer` and `subject` None: they cannot sign in.
    `language` and `theme`: how they want the page; None: they have not chosen. `former`: as of `Principal`."""

    id: UUID
    issuer: str | None
    subject: str | None
    name: str | None
    email: str | None
    operator: bool
    suspended: bool
    language: str | None
    theme: str | None
    former: bool = False


async def ensure_person(
    connection: Connection,
    *,
    issuer: str,
    subject: str,
    name: str | None = None,
    email: str | None = None,
    former_name: str | None = None,
) -> Person:
    """The person whom `issuer` calls `subject`, made at first sight. None for name and email leaves what is known.

    Args:
        former_name: what a former deployment called them, where the issuer may say that: who came over from it and was
            claimed by nobody is them.
    """
    name, email = _said(name), _said(email)
    found = await row(connection, "find_person", issuer=issuer, subject=subject)
    if found is None and former_name is not None:
        given = {"issuer": issuer, "subject": subject, "name": name, "email": email}
        found = await row(connection, "claim_person", former_id=former_id(former_name), **given)
    if found is None or (name or found["name"], email or found["email"]) != (found["name"], found["email"]):
        found = await row(connection, "put_person", issuer=issuer, subject=subject, name=name, email=email)
    assert found is not None  # noqa: S101  the statement finds or makes it
    return Person(**found)


def former_id(name: str) -> UUID:
    """The id that a former deployment gave who is called so: the name itself where it is a UUID."""
    try:
        return UUID(name)
    except ValueError:
        return uuid5(NAMESPACE_URL, name)


async def get_person(connection: Connection, user_id: UUID) -> Person | None:
    """The person of this id; None: there is none (any more)."""
    found = await row(connection, "get_person", user_id=user_id)
    return Person(**found) if found is not None else None


async def choose(connection: Connection, user_id: UUID, chosen: Mapping[str, str | None]) -> Person | None:
    """Keep how a person wants the page; None when they are not there any more.

    Args:
        chosen: `language`, `theme` or both; what is not in it stays, None: as each browser does.
    """
    values = {"language": None, "theme": None, **chosen}
    found = await row(connection, "choose", user_id=user_id, given=list(chosen), **values)
    return Person(**found) if found is not None else None


def _said(text: str | None) -> str | None:
    return clean(text)[:LONGEST_NAME].strip() or None if text else None
