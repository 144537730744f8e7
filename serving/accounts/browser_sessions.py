"""Sessions of browsers: begun by signing in, known by a cookie whose hash alone is kept, ended here for good."""

from hashlib import sha256
from secrets import token_urlsafe
from uuid import UUID

from serving.database import Connection, row, run


async def start_session(connection: Connection, user_id: UUID, *, life_s: float, before: str | None) -> str:
    """A new session: its cookie's value. The session this browser had `before` ends: nobody waits in the new one."""
    if before is not None:
        await end_session(connection, before)
    secret = token_urlsafe(32)
    await run(connection, "start_browser_session", hash=_hash(secret), user_id=user_id, life_s=life_s)
    return secret


async def end_session(connection: Connection, secret: str) -> None:
    """End a session, whosever it is; nothing happens where there is none."""
    await row(connection, "end_browser_session", hash=_hash(secret))


async def end_sessions(connection: Connection, user_id: UUID) -> None:
    """End every session of this person, in all browsers."""
    await run(connection, "end_browser_sessions", user_id=user_id)


def _hash(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
