"""A server on loopback that serves what a test puts there, and knows what it was asked for."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

WAV = b"RIFF\x24\0\0\0WAVEfmt "


class Site:
    """Paths and what they give: bytes, (status, headers, bytes), or `endless`."""

    def __init__(self) -> None:
        self.pages, self.asked, site = {}, [], self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                site.asked.append(self.path)
                found = site.pages.get(self.path, (404, {}, b"nothing"))
                status, headers, body = (200, {}, found) if isinstance(found, bytes | str) else found
                if "range" in self.headers and status == 200:
                    first, last = self.headers["range"].removeprefix("bytes=").split("-")
                    status, body = 206, body[int(first) : int(last) + 1]
                self.send_response(status)
                endless = body == "endless"
                for name, value in ({} if endless else {"content-length": str(len(body))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                if not endless:
                    self.wfile.write(body)
                    return
                self.wfile.write(WAV)
                while not site.closed:
                    self.wfile.write(b"\0" * 1000)
                    time.sleep(0.02)

            def log_message(self, *_):
                pass

        self.closed = False
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Hang up."""
        self.closed = True
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def site():
    found = Site()
    yield found
    found.close()


@pytest.fixture
def elsewhere():
    """Another server, which nobody trusts: nothing may reach it."""
    found = Site()
    yield found
    found.close()
