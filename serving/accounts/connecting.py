"""Connecting OpenRouter (OAuth with PKCE): the way there and back, bound to one person and one browser, good once.

OpenRouter documents no `state`, so a nonce of ours stands in the address that the browser comes back to. Whoever comes
back is looked up and taken away in one statement, before anything is exchanged: by another person, in another browser,
a second time or too late there is nothing to find.
"""

import base64
import re
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_urlsafe
from uuid import UUID

from pipelines.core.errors import UnreadableFileError
from pipelines.core.secrets.crypto import Sealer
from serving.database import Connection, row, run
from serving.problems import ProblemError

NONCE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """An attempt that is written down: our nonce, and the challenge that OpenRouter is given."""

    nonce: str
    challenge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """An attempt that came back: the verifier of its challenge, and the page to go on to."""

    verifier: str
    return_to: str


async def begin_connecting(
    connection: Connection, user_id: UUID, browser: str, *, return_to: str, life_s: float, sealer: Sealer
) -> Begun:
    """Write an attempt down; what is older than its life goes, and of one person's the oldest beyond ten.

    Args:
        browser: the secret in the browser's cookie.
    """
    nonce, verifier = token_urlsafe(32), token_urlsafe(32)
    nonce_hash = sha256(nonce.encode()).digest()
    await run(connection, "forget_attempts", user_id=user_id)
    await run(
        connection,
        "insert_attempt",
        nonce_hash=nonce_hash,
        user_id=user_id,
        browser_hash=sha256(browser.encode()).digest(),
        verifier_sealed=sealer.seal(verifier.encode(), context=_context(user_id, nonce_hash)),
        return_to=return_to,
        life_s=life_s,
    )
    challenge = base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return Begun(nonce=nonce, challenge=challenge)


async def take_attempt(
    connection: Connection, user_id: UUID, browser: str | None, nonce: str, *, sealer: Sealer
) -> Returned:
    """The attempt this person began in this browser under this nonce; from now on it is used.

    Raises:
        ProblemError: `connect_expired`: there is none.
    """
    if browser is None or not NONCE.fullmatch(nonce):
        raise ProblemError("connect_expired")
    nonce_hash = sha256(nonce.encode()).digest()
    browser_hash = sha256(browser.encode()).digest()
    found = await row(connection, "take_attempt", nonce_hash=nonce_hash, user_id=user_id, browser_hash=browser_hash)
    if found is None:
        raise ProblemError("connect_expired")
    try:
        verifier = sealer.open(bytes(found["verifier_sealed"]), context=_context(user_id, nonce_hash))
    except UnreadableFileError:  # the master key was lost in these minutes
        raise ProblemError("connect_expired") from None
    return Returned(verifier=verifier.decode(), return_to=found["return_to"])


def _context(user_id: UUID, nonce_hash: bytes) -> str:
    return f"openrouter attempt|{user_id}|{nonce_hash.hex()}"
