"""Relay before a service that loses the network: connections break in the middle, and new ones are refused."""

import socket
import threading
from contextlib import suppress


class Relay:
    """A relay to a port of this machine, in threads. Use as a context manager; `url` is where browsers go."""

    def __init__(self, port: int) -> None:
        self._port, self._left, self._ends = port, None, set[socket.socket]()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> "Relay":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._hang_up()

    def lose_after(self, byte_count: int | None) -> None:
        """Lose the network once so many bytes more have come from browsers; None: it is back, and stays."""
        self._left = byte_count

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self._left == 0:
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self._port))
            self._ends |= {near, far}
            threading.Thread(target=self._pump, args=(near, far, True), daemon=True).start()
            threading.Thread(target=self._pump, args=(far, near, False), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 14):
                if counted and self._left is not None:
                    data = data[: self._left]
                    self._left -= len(data)
                target.sendall(data)
                if self._left == 0:
                    return self._hang_up()
        self._close(source, target)
        return None

    def _hang_up(self) -> None:
        self._close(*self._ends)
        self._ends.clear()

    def _close(self, *ends: socket.socket) -> None:
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
