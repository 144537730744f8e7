"""The doors of this deployment, from its settings: who signs people in, where browsers reach us, who else may ask.

What does not fit together refuses to start: nobody finds out later that everybody could come in.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from pipelines.core.errors import SettingsError
from pipelines.core.settings import Settings, listed
from pipelines.http.rules import LOOPBACK, OWN_NAMES, Scope, header
from serving.accounts.addresses import is_safe_url

MCP = "/mcp"
"""Where assistants reach us; with our origin before it, what tokens for it may name as their audience (RFC 8707)."""

METADATA = f"/.well-known/oauth-protected-resource{MCP}"
"""Where assistants learn who signs people in (RFC 9728)."""

ANY_ADDRESS = ("0.0.0.0", "::", "")  # noqa: S104  compared, not bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """For whom tokens must be made.

    Args:
        names: of the `aud` of a token one must be here. A token without `aud` (Clerk's) must name in `azp` whom it was
            made for.
        parties: what `azp` may be, where a token has one: our client id, or the origin of a page of ours.
        programs: what `azp` may be besides, where `aud` names us: other programs of the issuer's, such as assistants.
    """

    names: frozenset[str]
    parties: frozenset[str]
    programs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """How this deployment is reached.

    `issuer` None: local mode, one person on this machine. `public_origin` None: the loopback address, whatever its
    port. `page` says whether people can sign in by a page. `origins` are those of other frontends. `adopting`: the
    issuer may say who is who of a former deployment.
    """

    issuer: str | None
    client_id: str | None
    public_origin: str | None
    page: bool
    names: frozenset[str]
    origins: frozenset[str]
    audience: Audience
    operators: frozenset[str]
    adopting: bool = False

    def former_name(self, name: str) -> str | None:
        """What a former deployment called who is called so by the issuer; None: the issuer may not say that."""
        return name if self.adopting else None

    @property
    def secure(self) -> bool:
        """Whether browsers come by https, so that cookies may be bound to it."""
        return self.public_origin is not None and self.public_origin.startswith("https:")


def page_origin(doors: Doors, scope: Scope) -> str:
    """Where browsers reach us, without a slash at its end: as PUBLIC_URL says, else as this request came."""
    return doors.public_origin or f"{scope['scheme']}://{header(scope, b'host') or ''}"


def doors_of(settings: Settings, host: str | None = None) -> Doors:
    """The doors that the settings describe.

    Args:
        host: the address that will be bound; None takes API_HOST.

    Raises:
        SettingsError: they would let in people whom nobody knows, or do not fit together.
    """
    host = settings.api_host if host is None else host
    public_origin = _origin("PUBLIC_URL", settings.public_url) if settings.public_url else None
    origins = frozenset(_origin("ALLOWED_ORIGINS", each) for each in listed(settings.allowed_origins))
    if settings.oidc_issuer is None:
        _check_local(settings, host, public_origin)
    else:
        _check_issuer(settings, public_origin, origins)
    names = {*OWN_NAMES, *({host.lower()} - set(ANY_ADDRESS))}
    if public_origin is not None:
        names.add(_host(public_origin))
    ours = {public_origin} - {None}
    return Doors(
        issuer=settings.oidc_issuer.rstrip("/") if settings.oidc_issuer else None,
        client_id=settings.oidc_client_id,
        public_origin=public_origin,
        page=settings.oidc_issuer is not None and settings.oidc_client_id is not None,
        names=frozenset(names),
        origins=origins,
        audience=Audience(
            names=frozenset(
                filter(None, [settings.oidc_audience or settings.oidc_client_id, *(f"{each}{MCP}" for each in ours)])
            ),
            parties=frozenset(filter(None, [settings.oidc_client_id, *ours, *origins])),
            programs=frozenset(listed(settings.oidc_programs)),
        ),
        operators=frozenset(listed(settings.operators)),
        adopting=settings.oidc_issuer is not None
        and settings.oidc_issuer.rstrip("/") in {each.rstrip("/") for each in listed(settings.adoption_issuers)},
    )


def _check_local(settings: Settings, host: str, public_origin: str | None) -> None:
    if host not in LOOPBACK:
        raise SettingsError(
            f"API_HOST: without sign-in the service binds a loopback address only, not {host}. Set OIDC_ISSUER."
        )
    if public_origin is not None and _host(public_origin) not in LOOPBACK:
        raise SettingsError("PUBLIC_URL: without sign-in nobody else may reach the service. Set OIDC_ISSUER.")
    given = [
        name
        for name in (
            "oidc_client_id",
            "oidc_client_secret",
            "oidc_audience",
            "oidc_programs",
            "operators",
            "adoption_issuers",
        )
        if getattr(settings, name)
    ]
    if given:
        raise SettingsError(f"{given[0].upper()}: it means nothing without OIDC_ISSUER.")


def _check_issuer(settings: Settings, public_origin: str | None, origins: frozenset[str]) -> None:
    assert settings.oidc_issuer is not None  # noqa: S101  asked by the caller
    if not is_safe_url(settings.oidc_issuer):
        raise SettingsError("OIDC_ISSUER: it must be an https address; plain http is for this machine alone.")
    if public_origin is not None and not is_safe_url(public_origin):
        raise SettingsError("PUBLIC_URL: it must be an https address; plain http is for this machine alone.")
    if settings.oidc_client_id is not None and public_origin is None:
        raise SettingsError(
            "PUBLIC_URL: signing in by a page (OIDC_CLIENT_ID) needs the address browsers come back to."
        )
    if not (settings.oidc_audience or settings.oidc_client_id or origins):
        raise SettingsError(
            "OIDC_AUDIENCE: without it, OIDC_CLIENT_ID or ALLOWED_ORIGINS, tokens that the issuer makes for any other "
            "application would be let in."
        )


def _origin(name: str, url: str) -> str:
    """Scheme, host and port, as browsers write them.

    Raises:
        SettingsError
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise SettingsError(f"{name}: {url} is not an address.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise SettingsError(f"{name}: {url} is not an address such as https://study.example.")
    if parts.path not in ("", "/"):
        raise SettingsError(f"{name}: {url} has a path; give StudyBuddy a name or port of its own.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    usual = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, usual) else "")


def _host(origin: str) -> str:
    return urlsplit(origin).hostname or ""
