"""Raw sockets against the bounded protocol: floods, trickles and crowds end, and others are answered meanwhile."""

import socket
import threading
import time
from contextlib import ExitStack, contextmanager

import psutil
import pytest
import uvicorn
from hypothesis import HealthCheck, given
from hypothesis import settings as quick
from hypothesis import strategies as st

from pipelines.http.connections import BoundedProtocol, ConnectionLimits
from pipelines.http.server import server_config

LIMITS = ConnectionLimits(head_s=1.0, body_window_s=1.0, connections=40)
HEAD = b"POST / HTTP/1.1\r\nhost: x\r\n"


async def application(scope, receive, send):
    """Answers with the number of bytes of the body; `/unread` takes none of it."""
    if scope["type"] != "http":
        return
    size = 0
    while scope["path"] != "/unread":
        message = await receive()
        size += len(message.get("body", b""))
        if message["type"] == "http.disconnect":
            return
        if not message.get("more_body"):
            break
    body = str(size).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def served(limits):
    """A server on a free port, in a thread."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = uvicorn.Server(server_config(application, host="127.0.0.1", port=port, limits=limits))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield port
    server.should_exit = True
    thread.join(20)


@pytest.fixture(scope="module")
def port():
    with served(LIMITS) as port:
        yield port


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=15)


def status(connection):
    """Status of the next answer; 0 when the connection ends without one."""
    try:
        answer = connection.recv(65_536)
    except OSError:
        return 0
    return int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") else 0


def ask(port, data):
    with connect(port) as connection:
        connection.sendall(data)
        return status(connection)


def flood(connection, pieces, most):
    """Send until the other side has had enough; how many bytes that took."""
    sent = 0
    try:
        while sent < most:
            sent += connection.send(next(pieces))
    except OSError:
        pass
    return sent


def many_headers():
    number = 0
    while True:
        number += 1
        yield b"x-%d: %s\r\n" % (number, b"y" * 80)


def one_value():
    yield b"x-long: "
    while True:
        yield b"y" * 8_000


def one_address():
    yield b"GET /"
    while True:
        yield b"y" * 8_000


def trailers():
    yield b"transfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nx-trailer: "
    while True:
        yield b"y" * 8_000


def extensions():
    yield b"transfer-encoding: chunked\r\n\r\n1;x="
    while True:
        yield b"y" * 8_000


@pytest.mark.parametrize("pieces", [many_headers, one_value, trailers, extensions])
def test_endless_headers_are_refused_early_and_take_no_memory(port, pieces):
    before = psutil.Process().memory_info().rss
    for _ in range(4):
        with connect(port) as connection:
            connection.sendall(HEAD)
            assert flood(connection, pieces(), 10_000_000) < 8_000_000  # what the kernel's own buffers may hold
    assert psutil.Process().memory_info().rss - before < 20_000_000


def test_endless_addresses_are_refused(port):
    with connect(port) as connection:
        assert flood(connection, one_address(), 10_000_000) < 8_000_000


def test_the_answer_names_the_reason(port):
    assert ask(port, HEAD + b"x-a: b\r\n" * 101 + b"\r\n") == 431
    assert ask(port, HEAD + b"x-a: " + b"b" * 70_000 + b"\r\n\r\n") == 431
    assert ask(port, b"GET /" + b"b" * 70_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n") == 431
    assert ask(port, HEAD + b"x-a: b\r\n" * 90 + b"content-length: 0\r\n\r\n") == 200


def test_the_head_of_each_request_is_counted_anew(port):
    with connect(port) as connection:
        for _ in range(5):
            connection.sendall(HEAD + b"x-a: " + b"b" * 40_000 + b"\r\ncontent-length: 0\r\n\r\n")
            assert status(connection) == 200


def test_half_a_head_ends(port):
    with ExitStack() as stack:
        held = [stack.enter_context(connect(port)) for _ in range(20)]
        for number, connection in enumerate(held):
            connection.sendall((HEAD + b"x-slow: ")[: number * 2])
        assert {status(connection) for connection in held} <= {0, 408}


def test_a_head_that_trickles_ends(port):
    with connect(port) as connection:
        connection.sendall(HEAD)
        started = time.monotonic()
        try:
            while time.monotonic() - started < 10:
                connection.sendall(b"x: y\r\n")
                time.sleep(0.1)
        except OSError:
            pass
        assert time.monotonic() - started < 9


def test_a_body_that_stands_still_ends_and_one_that_moves_does_not(port):
    with connect(port) as still, connect(port) as moving:
        for connection in (still, moving):
            connection.sendall(HEAD + b"content-length: 6000\r\n\r\n" + b"x" * 10)
        for _ in range(10):
            time.sleep(0.25)
            moving.sendall(b"x" * 599)
        assert status(still) == 408
        assert status(moving) == 200


def test_a_large_body_is_taken_whole(port):
    with connect(port) as connection:
        connection.sendall(HEAD + b"content-length: 5000000\r\n\r\n")
        connection.sendall(b"x" * 5_000_000)
        assert connection.recv(65_536).endswith(b"5000000")
        connection.sendall(HEAD + b"transfer-encoding: chunked\r\n\r\n")
        connection.sendall(b"200\r\n" + b"x" * 512 + b"\r\n" + b"1\r\nx\r\n" * 20_000 + b"0\r\n\r\n")
        assert connection.recv(65_536).endswith(b"20512")


def test_more_connections_than_fit_push_out_idle_ones_and_new_ones_are_answered(port):
    with ExitStack() as stack:
        for _ in range(120):
            stack.enter_context(connect(port)).sendall(b"GET / HTTP/1.1\r\nx-slow: ")
        assert ask(port, b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n") == 200


def test_connections_in_use_are_not_pushed_out():
    with served(ConnectionLimits(connections=6)) as port, ExitStack() as stack:
        held = [stack.enter_context(connect(port)) for _ in range(6)]
        for connection in held:
            connection.sendall(HEAD + b"content-length: 10\r\n\r\n12345")
        time.sleep(0.3)
        assert ask(port, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n") == 503
        for connection in held:
            connection.sendall(b"67890")
            assert status(connection) == 200


def test_requests_sent_ahead_are_few(port):
    one = b"GET /unread HTTP/1.1\r\nhost: x\r\n\r\n"
    with connect(port) as connection:
        connection.sendall(one * 10)
        seen = b""
        while seen.count(b"HTTP/1.1 200") < 10:
            seen += connection.recv(65_536)
    assert ask(port, one * 5_000) in (200, 400)
    assert ask(port, one) == 200


TEXT = st.binary(max_size=60)
REQUESTS = st.one_of(
    st.binary(max_size=200),
    TEXT.map(lambda text: b"GET /" + text + b" HTTP/1.1\r\nhost: x\r\n\r\n"),
    TEXT.map(lambda text: HEAD + text + b"\r\n\r\n"),
)


@quick(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(REQUESTS)
def test_what_cannot_be_read_is_a_4xx(port, data):
    with connect(port) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        assert status(connection) in (0, 200, 400, 408, 431)


def test_the_parts_of_uvicorn_this_stands_on_are_there(port):
    config = server_config(application, host="127.0.0.1", port=0)
    config.load()
    state = uvicorn.server.ServerState()
    connection = config.http_protocol_class(config=config, server_state=state, app_state={}, _loop=object())
    assert isinstance(connection, BoundedProtocol)
    for name in ("pipeline", "flow", "cycle", "parser", "connections", "loop", "transport", "handle_websocket_upgrade",
                 "_unset_keepalive_if_required", "_should_upgrade"):  # fmt: skip
        assert hasattr(connection, name)
