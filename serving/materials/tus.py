"""The tus protocol, 1.0.0: what its headers say, and a route class that holds every request to it.

Spoken are the core and the extensions creation, expiration and termination (docs/decisions/0020 says why it is ours).
"""

from base64 import b64decode
from binascii import Error as NotBase64
from email.utils import formatdate

from fastapi.responses import Response
from starlette.datastructures import MutableHeaders
from starlette.types import Message, Receive, Scope, Send

from pipelines.core.partial.uploads import PartialUpload
from pipelines.http.rules import header
from serving.guard import GuardedRoute
from serving.problems import ProblemError, respond

VERSION = "1.0.0"
EXTENSIONS = "creation,expiration,termination"
PIECE = "application/offset+octet-stream"
"""Media type of a piece."""

METADATA_BYTES = 10_000
"""Longest Upload-Metadata: a lecture may name a hundred decks."""

NOT_OFFERED = (b"upload-concat", b"upload-defer-length", b"upload-checksum")
"""Headers of extensions that are not spoken: ignored, they would promise what is not done."""

OVERRIDES = (b"x-http-method-override", b"x-http-method", b"x-method-override")
"""What some servers take for the request's method, behind the back of whoever judged the request by its own."""


class TusRoute(GuardedRoute):
    """A guarded route that speaks tus: another version, a method in disguise and what is not offered are refused."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with the header that each answer carries."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["tus-resumable"] = VERSION
            await send(message)

        refusal = _refusal(scope)
        if refusal is None:
            await super().handle(scope, receive, sending)
        else:
            refusal.headers["connection"] = "close"  # its body was not read
            await refusal(scope, receive, sending)


def _refusal(scope: Scope) -> Response | None:
    if any(header(scope, name) is not None for name in OVERRIDES):
        return respond("method_override", scope=scope)
    for name in NOT_OFFERED:
        if header(scope, name) is not None:
            return respond("invalid_request", scope=scope, field=name.decode())
    if scope["method"] != "OPTIONS" and header(scope, b"tus-resumable") != VERSION:
        response = respond("tus_version", scope=scope)
        response.headers["tus-version"] = VERSION
        return response
    return None


def read_metadata(text: str) -> dict[str, str]:
    """What Upload-Metadata says: words and their values.

    Raises:
        ProblemError: `invalid_request`.
    """
    found: dict[str, str] = {}
    for pair in text.split(",") if len(text) <= METADATA_BYTES else [""]:
        name, _, value = pair.strip().partition(" ")
        try:
            said = b64decode(value, validate=True).decode()
        except (NotBase64, UnicodeDecodeError, ValueError):
            said = None
        if not name or said is None or name in found:
            raise ProblemError("invalid_request", field="upload-metadata")
        found[name] = said
    return found


def headers_of(upload: PartialUpload, *, offset: int | None = None) -> dict[str, str]:
    """Headers that tell of an upload. `offset`: bytes that are kept; None: not told."""
    told = {"upload-expires": formatdate(upload.expires_at.timestamp(), usegmt=True), "cache-control": "no-store"}
    if offset is not None:
        told["upload-offset"] = str(offset)
    return told
