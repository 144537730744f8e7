"""Payers of model calls: whose key a call uses, at which address, and which model it asks. The one place that decides.

A person's own key pays for their questions and uploads. The operator pays where they run a model server for everybody
(MODEL_BASE_URL), or for who has no key where they say so (OPENROUTER_API_KEY).
"""

from dataclasses import dataclass, field
from uuid import UUID

from psycopg.rows import dict_row
from pydantic import SecretStr

from pipelines.core.errors import AddressRefusedError, KeyMissingError
from pipelines.core.models.keys import open_key
from pipelines.core.net.addresses import AddressGuard, Origin, origin_of
from pipelines.core.postgres import Connection
from pipelines.core.secrets.crypto import Sealer
from pipelines.core.settings import Settings, listed
from pipelines.core.statements import statement

OPENROUTER_API = "/api/v1"
AUTOMATIC = "openrouter/auto"
"""OpenRouter's own choice of a model: answers a person who connected, where neither they nor the operator chose one."""
ANY_PUBLIC = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """Who pays for model calls, and with which key.

    Args:
        person_id: whose calls they are; None: nobody's, such as an evaluation at the command line.
        key_id: the person's stored key; None: the operator pays.
        key: None: the operator's server wants none.
        named: a person named the address, so connections to it are guarded.
    """

    person_id: UUID | None
    key_id: UUID | None
    base_url: str
    key: SecretStr | None = field(repr=False)
    model: str
    named: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a person has to pay with: their key as it is kept (all None: none that works), and the models chosen."""

    person_id: UUID | None
    key_id: UUID | None = None
    provider: str | None = None
    base_url: str | None = None
    sealed: bytes | None = field(default=None, repr=False)
    own_model: str | None = None
    course_model: str | None = None


NOBODY = Means(person_id=None)
"""Whoever has no row: the operator pays, or nobody."""


def find_means(connection: Connection, person_id: UUID | None, *, course_id: UUID | None = None) -> Means:
    """What this person has to pay with, asked in a course or (None) outside of any. `person_id` None: nobody."""
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(statement("find_means"), {"person_id": person_id, "course_id": course_id}).fetchone()
    return Means(**row) if row is not None else NOBODY


def find_local_person(connection: Connection) -> UUID:
    """The person of a machine without sign-in, who sits at the command line."""
    row = connection.execute(statement("find_local_person")).fetchone()
    assert row is not None  # noqa: S101  a query without a table has one row
    found: UUID = row[0]
    return found


def find_uploader(connection: Connection, upload_id: UUID) -> UUID | None:
    """The person a deck or lecture belongs to; None: they were erased."""
    row = connection.execute(statement("find_uploader"), {"upload_id": upload_id}).fetchone()
    return row[0] if row is not None else None


def payer_of_answers(means: Means, settings: Settings, sealer: Sealer) -> Payer | None:
    """Who pays for an answer, and which model gives it: the asker's choice, the course's, or CHAT_MODEL.

    Where the operator runs a model server, it answers all who did not choose a model of their own.

    Returns:
        None: no model is set, so nobody is asked.

    Raises:
        KeyMissingError: CHAT_MODEL is set, and nobody pays for it.
    """
    model = means.own_model or means.course_model or settings.chat_model or AUTOMATIC
    own = _own(means, settings, sealer, model)
    if own is not None and (settings.model_base_url is None or means.own_model):
        return own
    return _operators(means, settings, settings.chat_model)


def payer_of_pictures(means: Means, settings: Settings, sealer: Sealer) -> Payer | None:
    """Who pays for describing pictures with VISION_MODEL; None: it is not set.

    Raises:
        KeyMissingError
    """
    if settings.vision_model is None:
        return None
    own = _own(means, settings, sealer, settings.vision_model) if settings.model_base_url is None else None
    return own or _operators(means, settings, settings.vision_model)


def payer_of_vectors(means: Means, settings: Settings, sealer: Sealer | None) -> Payer:
    """Who pays for vectors of EMBEDDING_MODEL, where that is not the local one.

    Args:
        sealer: None: nobody's own key is opened.

    Raises:
        KeyMissingError
    """
    url, key = settings.embedding_base_url or settings.model_base_url, settings.embedding_api_key
    if url is None:
        own = _own(means, settings, sealer, settings.embedding_model)
        payer = own or _operators(means, settings, settings.embedding_model)
        assert payer is not None  # noqa: S101  a model was named
        return payer
    if key is None and url == (settings.model_base_url or url):
        key = settings.model_api_key  # a key is never sent to another address than the one it was given for
    return Payer(person_id=means.person_id, key_id=None, base_url=url, key=key, model=settings.embedding_model)


def payer_of_reranking(person_id: UUID | None, settings: Settings) -> Payer:
    """The operator, who pays for RERANKER_MODEL at RERANKER_BASE_URL; the call is counted as this person's."""
    url, model = settings.reranker_base_url, settings.reranker_model
    assert url is not None and model is not None  # noqa: S101  asked only where both are set
    same = url == settings.model_base_url
    key = settings.reranker_api_key or (settings.model_api_key if same else None)
    return Payer(person_id=person_id, key_id=None, base_url=url, key=key, model=model)


def own_payer(means: Means, settings: Settings, sealer: Sealer) -> Payer | None:
    """The person's own key, whether or not it would pay for an answer now; None: they have none that opens."""
    return _own(means, settings, sealer, means.own_model or AUTOMATIC)


def openrouter_api(settings: Settings) -> str:
    """Base URL of OpenRouter's API."""
    return settings.openrouter_url.rstrip("/") + OPENROUTER_API


def allowed_base_url(url: str, settings: Settings) -> str:
    """The base URL at which a person may use a key of theirs, as it is kept.

    Raises:
        AddressRefusedError: it is none, or the operator allows it not (MODEL_URLS).
    """
    origin, url = origin_of(url), url.rstrip("/")
    named = _named(settings)
    if url in named:
        return url
    if ANY_PUBLIC not in named or origin.scheme != "https" or "?" in url or "#" in url:
        raise AddressRefusedError("Keys may not be used at this address here; ask who runs this service.")
    address_guard(settings).check_origin(origin)
    return url


def address_guard(settings: Settings) -> AddressGuard:
    """The guard of addresses that people name: those that the operator named may be private."""
    return AddressGuard(_trusted(settings))


def _trusted(settings: Settings) -> list[Origin]:
    return [origin_of(url) for url in _named(settings) if url != ANY_PUBLIC]


def _named(settings: Settings) -> list[str]:
    return [url.rstrip("/") for url in listed(settings.model_urls)]


def _own(means: Means, settings: Settings, sealer: Sealer | None, model: str) -> Payer | None:
    """The person's own key; None: they have none, it cannot be opened, or its address is allowed no more."""
    if means.person_id is None or means.key_id is None or not (means.provider and means.sealed and sealer):
        return None
    key = open_key(sealer, means.sealed, user_id=means.person_id, provider=means.provider, key_id=means.key_id)
    if key is None:
        return None
    try:
        url = openrouter_api(settings) if means.base_url is None else allowed_base_url(means.base_url, settings)
    except AddressRefusedError:
        return None
    named = means.base_url is not None
    return Payer(person_id=means.person_id, key_id=means.key_id, base_url=url, key=key, model=model, named=named)


def _operators(means: Means, settings: Settings, model: str | None) -> Payer | None:
    """The operator's key; None: they named no model.

    Raises:
        KeyMissingError: they named a model, and pay for nobody.
    """
    if model is None:
        return None
    if settings.model_base_url is not None:
        url, key = settings.model_base_url, settings.model_api_key
    elif settings.openrouter_api_key is not None:
        url, key = openrouter_api(settings), settings.openrouter_api_key
    else:
        raise KeyMissingError("No key for a language model is connected. Connect OpenRouter in the settings.")
    return Payer(person_id=means.person_id, key_id=None, base_url=url, key=key, model=model)
