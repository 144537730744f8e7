"""The guard before a route's body: who may not, sends nothing; who may, sends what the route takes and not more."""

import socket
from contextlib import contextmanager

import httpx
import pytest
from fastapi import Request

from serving.accounts.asking import Reader, Uploader
from serving.guard import router, takes
from tests.serving.conftest import QUICK, Service, running

LARGEST = 3_000_000
given = router("/api", tag="given")


@given.post("/given", operation_id="give")
@takes("application/pdf", "multipart/form-data", largest=lambda settings: LARGEST)
async def give(request: Request, person: Uploader) -> dict[str, int]:
    """Counts the bytes it is given."""
    return {"bytes": sum([len(piece) async for piece in request.stream()])}


@given.post("/told", operation_id="tell")
async def tell(person: Reader, body: dict[str, str]) -> dict[str, int]:
    """Takes JSON, read by the framework."""
    return {"fields": len(body)}


@pytest.fixture(scope="module")
def giving(serving_settings) -> Service:
    """A service with two more routes."""
    import serving.app as module

    original = module.auth.router
    both = router(tag="x")
    both.include_router(original)
    both.include_router(given)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module.auth, "router", both)
        with running(serving_settings, QUICK) as service:
            yield service


def send(giving, content, **headers):
    sent = {"content-type": "application/pdf", **headers}
    return giving.http.post("/api/given", content=content, headers=sent)


def test_a_route_that_takes_files_gets_them_whole_and_in_pieces(giving):
    for kind in ("application/pdf", "Multipart/Form-Data; boundary=x"):
        assert send(giving, b"x" * LARGEST, **{"content-type": kind}).json() == {"bytes": LARGEST}
    assert send(giving, (b"x" * 1000 for _ in range(2000))).json() == {"bytes": 2_000_000}


@pytest.mark.parametrize("kind", ["application/json", "text/html", "", "application/pdfx", "x; a=application/pdf"])
def test_it_takes_no_other_kind_of_body(giving, kind):
    answer = send(giving, b"{}", **{"content-type": kind})
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "wrong_body")


def test_more_than_it_takes_is_refused_by_its_length_and_by_its_bytes(giving):
    told = giving.http.build_request("POST", "/api/given", content=b"x", headers={"content-type": "application/pdf"})
    told.headers["content-length"] = str(LARGEST + 1)
    assert raw(giving, dict(told.headers)) == 413
    lying = send(giving, (b"x" * 100_000 for _ in range(40)))
    assert (lying.status_code, lying.json()["error"]["code"]) == (413, "body_too_large")


def test_json_that_the_framework_reads_is_bounded_and_bad_json_is_another_fault(giving):
    json = {"content-type": "application/json"}
    lying = giving.http.post("/api/told", content=(b" " * 100_000 for _ in range(90)), headers=json)
    assert (lying.status_code, lying.json()["error"]["code"]) == (413, "body_too_large")
    assert giving.http.post("/api/told", content=b"{", headers=json).status_code == 400
    assert giving.http.post("/api/told", json={"a": "b"}).json() == {"fields": 1}
    assert giving.http.post("/api/told", content=b"{}", headers={"content-type": "text/plain"}).status_code == 415


REFUSED = {
    "nobody": ({"authorization": "Bearer nonsense"}, 401),
    "no header": ({}, 401),
    "another name": ({"host": "evil.example"}, 421),
    "another site": ({"origin": "http://evil.example"}, 403),
    "too much": ({"content-length": "80000000"}, 413),
    "another kind": ({"content-type": "text/html"}, 415),
}


@pytest.mark.parametrize(("headers", "status"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_comes_before_the_body_and_ends_the_connection(giving, headers, status):
    signed_in = {} if status == 401 else {"authorization": f"Bearer {giving.token}"}
    usual = {"host": f"127.0.0.1:{giving.port}", "content-type": "multipart/form-data; boundary=" + "x" * 1000}
    with connected(giving, {**usual, "content-length": "2000000", **signed_in, **headers}) as line:
        sent = 0
        line.settimeout(0.2)
        try:
            while sent < 2_000_000 and not (answer := received(line)):
                sent += line.send(b"x" * 8_192)
        except (BrokenPipeError, ConnectionResetError):
            pytest.fail("the answer was lost with the connection")
        assert answer.startswith(f"HTTP/1.1 {status} ".encode()) and b"connection: close" in answer.lower()
        assert sent <= 65_536


def test_a_token_without_the_scope_sends_nothing(giving):
    made = giving.http.post("/api/tokens", json={"name": "x", "scopes": ["read"]}).json()
    headers = {"authorization": f"Bearer {made['token']}", "content-type": "application/pdf"}
    assert raw(giving, {**headers, "host": "127.0.0.1", "content-length": "2000000"}) == 403
    assert httpx.post(f"{giving.url}/api/told", json={}, headers={"authorization": headers["authorization"]}).is_success


@contextmanager
def connected(service, headers):
    """A line on which the head of a request was sent."""
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as line:
        line.sendall(f"POST /api/given HTTP/1.1\r\n{head}\r\n".encode())
        yield line


def received(line):
    try:
        return line.recv(4_096)
    except TimeoutError:
        return b""


def raw(service, headers):
    """The status of the answer to the head of a request, whose body never comes."""
    with connected(service, headers) as line:
        return int(line.recv(100).split()[1])
