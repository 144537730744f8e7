"""Signed links: an `<img>` or `<video>` cannot send a token, so its address carries a signature bound to the person.

The signature covers the path, the person and the hour it ends; access to the course is checked again when it is used.
"""

import hmac
import time
from hashlib import sha256
from urllib.parse import parse_qs, urlencode
from uuid import UUID

from pipelines.core.secrets.signing_key import signing_key
from pipelines.core.settings import Settings
from serving.limits import Limits


class Links:
    """Signs and checks addresses. `key` never leaves this process."""

    def __init__(self, key: bytes, life_s: int) -> None:
        self._key = key
        self._life_s = life_s

    @classmethod
    def open(cls, settings: Settings, limits: Limits) -> "Links":
        """Signs with this home's signing key: a new one ends every link."""
        return cls(signing_key(settings, "links"), limits.link_s)

    def sign(self, path: str, user_id: UUID) -> str:
        """The path with a signature. It stays the same for a while, so that browsers can keep what it shows."""
        step = max(1, self._life_s // 2)
        until = (int(time.time()) // step + 2) * step
        query = {"for": user_id.hex, "until": until, "sig": self._signature(path, user_id.hex, str(until))}
        return f"{path}?{urlencode(query)}"

    def check(self, path: str, query: bytes) -> UUID | None:
        """The person a signed address was made for; None: not signed, changed, or too old."""
        try:
            values = parse_qs(query.decode("latin-1"), max_num_fields=20) if len(query) < 2000 else {}
        except ValueError:
            return None  # more fields than any address of ours has
        person, until, signature = (values.get(name, [""])[0] for name in ("for", "until", "sig"))
        if not signature or not hmac.compare_digest(signature.encode(), self._signature(path, person, until).encode()):
            return None
        return UUID(person) if int(until) >= time.time() else None

    def _signature(self, path: str, person: str, until: str) -> str:
        return hmac.new(self._key, f"{path}|{person}|{until}".encode(), sha256).hexdigest()[:40]
