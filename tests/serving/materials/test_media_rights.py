"""A recording that is being sent ends when who reads it loses the right to it; everybody else's goes on."""

import io
import socket
import time

import pytest

from pipelines.core.files import FileStore
from tests.serving.materials.conftest import send, wav

SIZE = 60_000_000
"""Bytes: more than the buffers of both ends of a connection hold."""


@pytest.fixture
def recording(people, rows, signed):
    """A published recording, and the address its bytes are at."""
    lecture = send(people.teacher, people.course, wav(), name="long.wav", kind="lectures").json()["id"]
    stored = FileStore.open(signed.service.settings).add(io.BytesIO(bytes(SIZE)))
    rows("update lectures set media_sha256 = %s where id = %s", [stored.sha256, lecture])
    return f"/api/courses/{people.course}/lectures/{lecture}/media"


class Slow:
    """A player that has read the beginning and waits, with little room for what comes next."""

    def __init__(self, signed, who, path: str) -> None:
        self._line = socket.create_connection(("127.0.0.1", signed.service.port), timeout=60)
        self._line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        said = f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{signed.service.port}\r\nconnection: close\r\n"
        self._line.sendall(f"{said}authorization: {who.headers['authorization']}\r\n\r\n".encode())
        self._beginning = self._line.recv(1000)
        assert b" 200 " in self._beginning

    def rest(self) -> int:
        """Bytes that still come, until the line ends."""
        found = len(self._beginning)
        with self._line:
            while piece := self._line.recv(1 << 20):
                found += len(piece)
        return found


def test_a_recording_ends_for_who_loses_the_course_and_goes_on_for_the_others(people, signed, recording):
    leaving, staying = Slow(signed, people.student, recording), Slow(signed, people.mate, recording)
    assert people.student.delete(f"/api/courses/{people.course}/members/me").status_code == 204
    time.sleep(signed.service.server.config.app.state.service.limits.watch_s + 0.2)
    assert leaving.rest() < SIZE
    assert staying.rest() > SIZE
