"""An OpenID provider that really listens: discovery, keys that can be rotated, an authorize page, a token endpoint.

`mint` signs what it is told, so that tests forge tokens with the provider's own tools. `asleep` makes every answer a
503, `delay_s` makes what is published slow, `requests` counts what was asked of each address.
"""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

CLIENT_ID, CLIENT_SECRET = "studybuddy-tests", "a-secret"
PROGRAM_ID = "assistant"
"""A program that people have registered: a public client, whose tokens are for the resource that it named."""


def new_key() -> rsa.RSAPrivateKey:
    """A key of an issuer."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class FakeIssuer:
    """The provider, on a free port of 127.0.0.1. `subject` signs in at its page, and `claims` are said of them too."""

    def __init__(self) -> None:
        self.keys: dict[str, rsa.RSAPrivateKey] = {"first": new_key()}
        self.kid = "first"
        self.asleep = False
        self.delay_s = 0.0
        self.subject = "ada"
        self.claims: dict[str, Any] = {}
        self.requests: Counter[str] = Counter()
        self._codes: dict[str, dict[str, str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def rotate(self, kid: str, *, keep: bool = False) -> None:
        """Sign with a new key from now on; `keep`: the old ones stay published."""
        self.keys = {**(self.keys if keep else {}), kid: new_key()}
        self.kid = kid

    def mint(
        self,
        subject: str | None = "ada",
        *,
        key: Any = None,
        algorithm: str = "RS256",
        kid: Any = "",
        typ: str = "JWT",
        without: tuple[str, ...] = (),
        **claims: Any,
    ) -> str:
        """A token. `kid` empty: that of the key in use; None: the token names none."""
        now = int(time.time())
        said = {"iss": self.url, "sub": subject, "aud": CLIENT_ID, "iat": now, "nbf": now, "exp": now + 600}
        said |= {"name": f"{subject} of the tests", "email": f"{subject}@example.org", **claims}
        said = {name: value for name, value in said.items() if name not in without}
        head = {"alg": algorithm, "typ": typ} | ({"kid": self.kid if kid == "" else kid} if kid is not None else {})
        signed = b".".join(_b64(json.dumps(part).encode()) for part in (head, said))
        own = self.keys[self.kid]
        if algorithm == "RS256":
            signature = RSAAlgorithm(RSAAlgorithm.SHA256).sign(signed, key or own)
        else:
            secret = own.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            signature = b"" if algorithm == "none" else hmac.new(secret, signed, hashlib.sha256).digest()
        return (signed + b"." + _b64(signature)).decode()

    def authorize(self, query: dict[str, list[str]], **more: str) -> str:
        """What the page does when the person agrees: where it sends the browser back to."""
        code = secrets.token_urlsafe(16)
        self._codes[code] = {name: values[0] for name, values in query.items()}
        return f"{query['redirect_uri'][0]}?{urlencode({'code': code, 'state': query['state'][0], **more})}"

    def redeem(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """The token endpoint, as RFC 6749 and RFC 7636 have it."""
        expected = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        program = form.get("client_id") == PROGRAM_ID and not authorization
        if not program and authorization != f"Basic {expected}":
            return 401, {"error": "invalid_client"}
        begun = self._codes.pop(form.get("code", ""), None)
        challenge = _b64(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).decode()
        if begun is None or begun.get("code_challenge") != challenge or begun["redirect_uri"] != form["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        if program:
            token = self.mint(self.subject, aud=begun["resource"], azp=PROGRAM_ID, typ="at+jwt")
            return 200, {"access_token": token, "token_type": "Bearer", "expires_in": 600}
        claims = {"nonce": begun["nonce"], **self.claims}
        return 200, {"access_token": "opaque", "token_type": "Bearer", "id_token": self.mint(self.subject, **claims)}

    def documents(self) -> dict[str, Any]:
        """What is published, by address."""
        public = [
            {**json.loads(RSAAlgorithm.to_jwk(key.public_key())), "kid": kid, "use": "sig"}
            for kid, key in self.keys.items()
        ]
        about = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
        }
        return {"/.well-known/openid-configuration": about, "/keys": {"keys": public}}


def _b64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _handler(issuer: FakeIssuer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Nothing."""

        def do_GET(self) -> None:
            place = urlsplit(self.path)
            issuer.requests[place.path] += 1
            time.sleep(issuer.delay_s)
            if issuer.asleep:
                return self.say(503, {})
            if place.path == "/authorize":
                self.send_response(302)
                self.send_header("location", issuer.authorize(parse_qs(place.query)))
                return self.end_headers()
            found = issuer.documents().get(place.path)
            return self.say(200 if found else 404, found or {})

        def do_POST(self) -> None:
            issuer.requests[self.path] += 1
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            if issuer.asleep:
                return self.say(503, {})
            return self.say(*issuer.redeem(form, self.headers.get("authorization", "")))

        def say(self, status: int, value: Any) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
