"""An `/embeddings` server that really listens: vectors of words, of noise, or whatever `answer` makes of the texts."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

from tests.embedders import WordsEmbedder


def words(texts: list[str], dims: int = 64) -> Any:
    """Vectors that are near where texts share words."""
    return WordsEmbedder(dims=dims).embed(texts).tolist()


def noise(texts: list[str], dims: int = 64) -> Any:
    """Vectors that mean nothing."""
    return np.random.default_rng(len(texts[0])).normal(size=(len(texts), dims)).tolist()


class FakeEmbeddings:
    """Answers each request with `answer(texts)`, which may be replaced. `keys` and `asked` are what it was sent."""

    def __init__(self, answer: Callable[[list[str]], Any] = words) -> None:
        self.answer = answer
        self.keys: list[str | None] = []
        self.asked: list[str] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                sent = json.loads(self.rfile.read(int(self.headers["content-length"])))
                fake.keys.append(self.headers["authorization"])
                fake.asked += sent["input"]
                rows = [
                    {"object": "embedding", "index": n, "embedding": vector}
                    for n, vector in enumerate(fake.answer(sent["input"]))
                ]
                body = json.dumps({"object": "list", "model": sent["model"], "data": rows}).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    @property
    def url(self) -> str:
        """Base URL of its API."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
