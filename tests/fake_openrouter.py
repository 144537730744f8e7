"""An OpenRouter that really listens: codes exchanged for keys by PKCE, what a key may spend, models, and chat.

`allow` plays the person who allows a key there; a browser that really comes is sent back with one. `answers` holds
scripted answers by the end of a path; the next request of that path takes the first of them. `asked` counts requests by
path; `seen` keeps each with the key it showed.
"""

import base64
import hashlib
import json
import threading
import time
import uuid
from collections import Counter, defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

MODELS = [
    {"id": "scripted", "name": "Scripted", "context_length": 100_000, "supported_parameters": ["tools"],
     "architecture": {"input_modalities": ["text", "image"]},
     "pricing": {"prompt": "0.000001", "completion": "0.000002"}},
    {"id": "plain", "name": "A plain one", "pricing": {"prompt": "no number"}},
]  # fmt: skip


def sse(*pieces: str, usage: dict[str, Any] | None = None, done: bool = True) -> bytes:
    """The stream of an answer that says these pieces; `done` False: it is cut before its end."""
    chunks: list[dict[str, Any]] = [{"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
    if done:
        chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        chunks.append({"choices": [], "usage": usage or {"prompt_tokens": 10, "completion_tokens": 5, "cost": 0.001}})
    lines = b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks)
    return lines + (b"data: [DONE]\n\n" if done else b"")


class FakeOpenRouter:
    """The service, on a free port of 127.0.0.1. `keys` are those it has given out and not revoked."""

    def __init__(self) -> None:
        self.keys: set[str] = set()
        self.codes: dict[str, tuple[str, str]] = {}
        self.answers: dict[str, list[tuple[int, dict[str, str], bytes]]] = defaultdict(list)
        self.asked: Counter[str] = Counter()
        self.seen: list[tuple[str, str, Any]] = []
        self.delay_s = 0.0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a caller that hung up is no news
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def allow(self, location: str, *, key: str | None = None, challenge: str | None = None) -> str:
        """The address a person is sent back to, who was sent to `location` and allowed a key there."""
        parts = urlsplit(location)
        assert location.startswith(self.url + "/auth?"), location
        query = parse_qs(parts.query, strict_parsing=True)
        assert query["code_challenge_method"] == ["S256"]
        code = uuid.uuid4().hex
        self.codes[code] = (challenge or query["code_challenge"][0], key or f"sk-or-v1-{uuid.uuid4().hex}")
        back = query["callback_url"][0]
        return f"{back}{'&' if '?' in back else '?'}code={code}"

    def paid_with(self, end: str = "/chat/completions") -> list[str]:
        """The keys that requests of this path showed, in their order."""
        return [key for path, key, _ in self.seen if path.endswith(end)]


def _handler(fake: FakeOpenRouter) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            self._take(None)

        def do_POST(self) -> None:
            self._take(json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}"))

        def _take(self, body: Any) -> None:
            path, key = urlsplit(self.path).path, (self.headers.get("authorization") or "").removeprefix("Bearer ")
            fake.asked[path] += 1
            fake.seen.append((path, key, body))
            time.sleep(fake.delay_s)
            scripted = next(
                (fake.answers[end] for end in fake.answers if path.endswith(end) and fake.answers[end]), None
            )
            if scripted:
                self._send(*scripted.pop(0))
            elif path == "/auth":  # a browser, whose person allows a key at once
                self._send(303, {"location": fake.allow(fake.url + self.path)}, b"")
            elif path == "/api/v1/auth/keys" and body is not None:
                self._exchange(body)
            elif key not in fake.keys:
                self._say(401, {"error": {"code": 401, "message": f"bad key {key}"}})
            elif path == "/api/v1/key":
                told = {"label": f"{key[:12]}...", "limit": 5, "limit_remaining": 4.9, "usage": 0.1}
                self._say(200, {"data": told})
            elif path.startswith("/api/v1/models"):
                self._say(200, {"data": MODELS})
            elif path == "/api/v1/chat/completions":
                self._chat(body)
            elif path == "/api/v1/embeddings":
                vectors = [{"index": at, "embedding": [1.0, 0.5, 0.25]} for at, _ in enumerate(body["input"])]
                self._say(200, {"data": vectors, "model": body["model"], "usage": {"prompt_tokens": 3, "cost": 0.001}})
            else:
                self._say(404, {"error": {"code": 404, "message": "no such address"}})

        def _exchange(self, body: dict[str, Any]) -> None:
            challenge, key = fake.codes.pop(str(body.get("code")), (None, None))
            digest = hashlib.sha256(str(body.get("code_verifier")).encode()).digest()
            if challenge is None or base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != challenge:
                return self._say(403, {"error": {"code": 403, "message": "Invalid code or code_verifier"}})
            fake.keys.add(str(key))
            return self._say(200, {"key": key, "user_id": "u"})

        def _chat(self, body: dict[str, Any]) -> None:
            if body.get("stream"):
                return self._send(200, {"content-type": "text/event-stream"}, sse("It says ", "so [1]."))
            usage = {"prompt_tokens": 7, "completion_tokens": 3, "cost": 0.002}
            message = {"role": "assistant", "content": "A curve that falls."}
            return self._say(
                200, {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage}
            )

        def _say(self, status: int, value: Any) -> None:
            self._send(status, {"content-type": "application/json"}, json.dumps(value).encode())

        def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
