"""Addresses that may be trusted: with what is sent there, or with where a browser goes next."""

from urllib.parse import urlsplit

from pipelines.http.rules import LOOPBACK

CONNECT = "/api/auth/openrouter"
"""Where a browser begins to connect OpenRouter."""


def is_safe_url(url: str) -> bool:
    """Whether what is sent there stays between us and them: https, or plain http on this very machine."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (
            parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
        )
    except ValueError:
        return False


def is_own_path(path: str) -> bool:
    """Whether a browser that is sent to `path` stays here: no other host in any spelling browsers understand."""
    if not path.startswith("/") or path.startswith("//") or "\\" in path or not path.isprintable() or " " in path:
        return False
    try:
        parts = urlsplit(path)
    except ValueError:
        return False
    return not parts.scheme and not parts.netloc and path.isascii()
