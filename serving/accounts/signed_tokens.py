"""Signed tokens (JWT) of the issuer, checked in everything they say: who signed, for whom, from when until when."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from serving.accounts.doors import Audience
from serving.accounts.issuer import ALGORITHMS, Issuer

LEEWAY_S = 5
"""How far the clocks of the two machines may differ."""

LONGEST = 16_384
"""Characters of a token; those of large providers have some thousand."""

LONGEST_SUBJECT = 255
TYPES = frozenset({None, "jwt", "at+jwt", "application/at+jwt"})
"""Kinds of tokens that say who somebody is; an issuer signs others with the same keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a good token says. `name` and `email` None: nothing. `expires_at` in seconds since 1970. `external_id`: what
    another system calls them, as some issuers say; None: nothing."""

    subject: str
    expires_at: float
    name: str | None
    email: str | None
    external_id: str | None = None


class TokenVerifier:
    """Checks the tokens that `issuer` signs."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer

    async def verify(self, token: str, audience: Audience, *, nonce: str | None = None) -> Claims | None:
        """What the token says; None: it must not be believed.

        Args:
            nonce: what the token must repeat; None: it need not.

        Raises:
            ProblemError: `sign_in_unavailable`: the issuer's keys are not known yet.
        """
        try:
            key = await self._issuer.key(_named_key(token))
            if key is None:
                return None
            claims = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                issuer=(await self._issuer.provider()).name,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iat", "iss", "sub"], "verify_aud": False},
            )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError):
            return None
        if not _for_us(claims, audience) or (nonce is not None and claims.get("nonce") != nonce):
            return None
        return _claims(claims)


def _named_key(token: str) -> str | None:
    """What the token calls its key; None: nothing.

    Raises:
        jwt.PyJWTError: it cannot be a token that says who somebody is.
    """
    header = jwt.get_unverified_header(token) if len(token) <= LONGEST else {}
    kid, kind = header.get("kid"), header.get("typ")
    if header.get("alg") not in ALGORITHMS or not isinstance(kid, str | None):
        raise jwt.InvalidTokenError
    if (kind.lower() if isinstance(kind, str) else kind) not in TYPES:
        raise jwt.InvalidTokenError
    return kid


def _for_us(claims: Mapping[str, Any], audience: Audience) -> bool:
    told, party = claims.get("aud"), claims.get("azp")
    names = {told} if isinstance(told, str) else set(map(str, told)) if isinstance(told, list) else set()
    if told is not None and not names & audience.names:
        return False
    parties = audience.parties if told is None else audience.parties | audience.programs
    if party is not None and not (isinstance(party, str) and party in parties):
        return False
    return (told is not None or party is not None) and claims.get("sts") != "pending"


def _claims(claims: Mapping[str, Any]) -> Claims | None:
    subject = claims["sub"]
    if not subject or len(subject) > LONGEST_SUBJECT or not subject.isprintable():
        return None
    name, email, external = claims.get("name"), claims.get("email"), claims.get("external_id")
    return Claims(
        subject=subject,
        expires_at=float(claims["exp"]),
        name=name if isinstance(name, str) else None,
        email=email if isinstance(email, str) else None,
        external_id=external if isinstance(external, str) and 0 < len(external) <= LONGEST_SUBJECT else None,
    )
