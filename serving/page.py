"""The page as files: read once from `serving/dist`, where `web/` was built, and served at every address but the API's.

Belongs here: which file answers an address, and with which headers. Nobody has to sign in for them: they hold nothing
of anybody's, and the page asks the API as whoever is signed in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

DIST = Path(__file__).parent / "dist"
INDEX = "/index.html"
VERSION_HEADER = b"x-page-version"
API = ("/api", "/v1", "/mcp", "/livez", "/readyz", "/metrics", "/openapi.json")
UNDER = ("/api/", "/v1/", "/mcp/", "/.well-known/")
"""Addresses that are never the page's, and how such addresses begin."""

POLICY = (
    "default-src 'none'; script-src 'self'; "
    "style-src 'self' 'unsafe-inline'; "  # formulas are laid out by inline styles
    "img-src 'self' blob:; media-src 'self' blob:; connect-src 'self'; font-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
TYPES = {
    ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml", ".woff2": "font/woff2", ".json": "application/json", ".webmanifest": "application/json",
}  # fmt: skip
ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""Encodings that files are kept in, the smallest first, and how those files end."""

NOT_BUILT = (
    "<!doctype html><title>StudyBuddy</title><p>The page is not built: run <code>make page</code>, and start again."
)


@dataclass(frozen=True, slots=True)
class Asset:
    """A file by its encodings; empty: as it is."""

    content_type: str
    bodies: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Page:
    """The built page. `version` empty: it is not built."""

    assets: Mapping[str, Asset] = field(default_factory=dict)
    version: str = ""

    @classmethod
    def read(cls, folder: Path | None = None) -> "Page":
        """The page in a folder (None: `DIST`); a page that says so where none was built."""
        folder = folder or DIST
        stamp = folder / "version.txt"
        if not stamp.is_file():
            return cls()
        files = [path for path in folder.rglob("*") if path.suffix in TYPES]
        found = {f"/{path.relative_to(folder).as_posix()}": _asset(path) for path in files}
        return cls(found, stamp.read_text(encoding="utf-8").strip())

    def has(self, scope: Scope) -> bool:
        """Whether a request is for the page and not for the API."""
        path: str = scope["path"]
        return scope["method"] in ("GET", "HEAD") and path not in API and not path.startswith(UNDER)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer: with the file of this address, else with the page itself, which knows its own addresses."""
        await self._response(scope["path"], Headers(scope=scope))(scope, receive, send)

    def _response(self, path: str, asked: Headers) -> Response:
        if not self.version:
            return Response(NOT_BUILT, 503, _document("none"), media_type="text/html")
        asset = self.assets.get(path)
        hashed = path.startswith("/assets/")
        if asset is None and hashed:  # of an older page: the index is no script
            return Response("Gone.", 404, {"cache-control": "no-store"}, media_type="text/plain")
        if asset is None or path == INDEX:
            etag = f'"{self.version}"'
            headers = _document(etag)
            if etag in asked.get("if-none-match", ""):
                return Response(status_code=304, headers=headers)
            return _encoded(self.assets[INDEX], asked, headers)
        kept = "public, max-age=31536000, immutable" if hashed else "public, max-age=3600"
        return _encoded(asset, asked, {"cache-control": kept})


def _asset(path: Path) -> Asset:
    bodies = {"": path.read_bytes()}
    for encoding, end in ENCODINGS.items():
        if (twin := path.with_name(path.name + end)).is_file():
            bodies[encoding] = twin.read_bytes()
    return Asset(TYPES[path.suffix], bodies)


def _encoded(asset: Asset, asked: Headers, headers: dict[str, str]) -> Response:
    """The file in the smallest encoding the browser takes."""
    accepted = {each.partition(";")[0].strip().lower() for each in asked.get("accept-encoding", "").split(",")}
    encoding = next((name for name in ENCODINGS if name in accepted and name in asset.bodies), "")
    if len(asset.bodies) > 1:
        headers["vary"] = "accept-encoding"
    if encoding:
        headers["content-encoding"] = encoding
    return Response(asset.bodies[encoding], headers=headers, media_type=asset.content_type)


def _document(etag: str) -> dict[str, str]:
    return {
        "cache-control": "no-cache",
        "content-security-policy": POLICY,
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=()",
        "etag": etag,
    }
