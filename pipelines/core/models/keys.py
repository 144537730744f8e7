"""Keys of model providers: each person's own, sealed in its row for this person, this provider and this very key."""

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID, uuid4

from psycopg.rows import dict_row
from pydantic import SecretStr

from pipelines.core.errors import UnreadableFileError
from pipelines.core.postgres import Connection
from pipelines.core.secrets.crypto import Sealer
from pipelines.core.statements import statement

Provider = Literal["openrouter", "compatible"]
"""OpenRouter, or any other server that speaks OpenAI's protocol at an address the operator allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelKey:
    """A person's key.

    Args:
        base_url: where a `compatible` one is good; None for OpenRouter's.
        secret: None: it was sealed with a master key that is lost, so it has to be connected again.
        key_hash: sha256 of it.
        rejected: the provider refused it.
    """

    id: UUID
    user_id: UUID
    provider: Provider
    base_url: str | None
    secret: SecretStr | None = field(repr=False)
    key_hash: bytes
    label: str | None
    rejected: bool
    created_at: datetime


def find_model_key(connection: Connection, user_id: UUID, *, sealer: Sealer) -> ModelKey | None:
    """The key of this person; None: they have connected none."""
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(statement("find_model_key"), {"user_id": user_id}).fetchone()
    if row is None:
        return None
    secret = open_key(sealer, row.pop("sealed"), user_id=user_id, provider=row["provider"], key_id=row["id"])
    return ModelKey(**{**row, "key_hash": bytes(row["key_hash"]), "secret": secret})


def put_model_key(
    connection: Connection,
    user_id: UUID,
    secret: SecretStr,
    *,
    provider: Provider,
    base_url: str | None,
    label: str | None,
    sealer: Sealer,
) -> None:
    """Keep a person's key, in place of any they had."""
    key_id, plain = uuid4(), secret.get_secret_value().encode()
    values: dict[str, Any] = {"id": key_id, "user_id": user_id, "provider": provider, "base_url": base_url}
    sealed = sealer.seal(plain, context=key_context(user_id, provider, key_id))
    values |= {"sealed": sealed, "key_hash": sha256(plain).digest(), "label": label}
    connection.execute(statement("put_model_key"), values)


def delete_model_key(connection: Connection, user_id: UUID, provider: Provider) -> bool:
    """Forget a person's key of a provider; False: they had none of it."""
    row = connection.execute(statement("delete_model_key"), {"user_id": user_id, "provider": provider}).fetchone()
    return row is not None


def set_key_rejected(connection: Connection, key_id: UUID, rejected: bool) -> None:
    """Remember whether the provider refuses a key: what it refuses is not tried again until it is connected anew."""
    connection.execute(statement("set_key_rejected"), {"id": key_id, "rejected": rejected})


def open_key(sealer: Sealer, sealed: bytes, *, user_id: UUID, provider: str, key_id: UUID) -> SecretStr | None:
    """The key in a row; None: the row was changed, or its master key is lost."""
    try:
        return SecretStr(sealer.open(bytes(sealed), context=key_context(user_id, provider, key_id)).decode())
    except UnreadableFileError:
        return None


def key_context(user_id: UUID, provider: str, key_id: UUID) -> str:
    """What a key is sealed for: in any other row it does not open."""
    return f"model key|{user_id}|{provider}|{key_id}"
