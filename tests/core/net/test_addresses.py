"""The guard against requests into private networks (SSRF): every spelling, every hop, a name that changes its mind."""

import asyncio
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address, ip_address

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.core.errors import AddressRefusedError, AddressUnreachableError
from pipelines.core.net.addresses import AddressGuard, Origin, is_ordinary, is_public, origin_of
from pipelines.core.net.transports import guarded_async_client, guarded_client

QUICK = httpx2.Timeout(5)
PRIVATE = [
    "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
    "255.255.255.255", "224.0.0.1", "240.0.0.1", "192.0.2.1", "198.18.0.1", "::", "::1", "fe80::1", "fc00::1",
    "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::", "2002:a9fe:a9fe::1", "::127.0.0.1", "2001:0:7f00:1::", "64:ff9b:1::1", "2001:db8::1", "fec0::1",
]  # fmt: skip
PUBLIC = ["93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:8.8.8.8", "64:ff9b::808:808"]
SPELLINGS = [
    "127.1",
    "0x7f.1",
    "0x7f000001",
    "2130706433",
    "017700000001",
    "0177.0.0.1",
    "127.0.0.1.",
    "0",
    "localhost",
]
BROKEN = [
    "", "x", "ftp://host/", "file:///etc/passwd", "gopher://host/", "http://", "https:///path", "http://user@host/",
    "http://user:secret@host/", "http://a b/", "http://host:99999/", "http://host\\@other/", "http://ho\nst/",
    "javascript:1", "//host/", "http://[::1/", "data:text/plain,x",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_of_no_public_host_is_refused_however_it_is_carried(address):
    assert not is_public(ip_address(address))
    host = address
    with pytest.raises(AddressRefusedError):
        AddressGuard().addresses(host, 443)


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_a_public_host_is_reached(address):
    assert is_public(ip_address(address))
    AddressGuard().check_origin(Origin("https", address, 443))


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_an_ipv4_address_means_the_same_inside_ipv6(inner):
    for carried in (f"::ffff:{inner}", f"64:ff9b::{inner}"):
        assert is_public(ip_address(carried)) == is_public(inner)
        assert is_ordinary(ip_address(carried)) == is_ordinary(inner)


@pytest.mark.parametrize("host", SPELLINGS)
def test_a_spelling_that_only_resolvers_understand_is_judged_as_its_address(host):
    with pytest.raises((AddressRefusedError, AddressUnreachableError)):
        AddressGuard().addresses(host, 80)
    with pytest.raises((AddressRefusedError, AddressUnreachableError)):
        asyncio.run(AddressGuard().addresses_async(host, 80))


@pytest.mark.parametrize("url", BROKEN)
def test_what_is_no_web_address_is_refused(url):
    with pytest.raises(AddressRefusedError):
        origin_of(url)


def test_an_origin_is_read_as_clients_read_it():
    assert origin_of("HTTPS://Example.ORG/a?b#c") == Origin("https", "example.org", 443)
    assert origin_of("http://[::1]:8080/") == Origin("http", "::1", 8080)


def test_ports_of_mail_and_file_shares_are_closed_on_public_hosts():
    for port in (22, 25, 445):
        with pytest.raises(AddressRefusedError):
            AddressGuard().check_origin(Origin("https", "example.org", port))
    AddressGuard().check_origin(Origin("https", "example.org", 8443))


def test_what_the_operator_named_may_be_private_but_never_link_local():
    guard = AddressGuard([origin_of("http://127.0.0.1:11434/v1"), origin_of("http://169.254.169.254/")])
    assert guard.addresses("127.0.0.1", 11434) == ["127.0.0.1"]
    for host, port in (("127.0.0.1", 11435), ("127.0.0.2", 11434), ("169.254.169.254", 80)):
        with pytest.raises(AddressRefusedError):
            guard.addresses(host, port)


def test_one_private_address_among_public_ones_refuses_the_name(monkeypatch):
    _resolve(monkeypatch, ["8.8.8.8", "10.0.0.1"])
    with pytest.raises(AddressRefusedError) as refused:
        AddressGuard().addresses("two.example", 443)
    assert "10.0.0.1" not in refused.value.message, "what a name means inside is nobody's business outside"


@pytest.fixture
def listening():
    """A server on loopback that redirects `/away` to itself by another name, and counts."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, self.headers["host"]))
            self.send_response(302 if self.path == "/away" else 200)
            self.send_header("location", f"http://localhost:{self.server.server_address[1]}/inside")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked = asked
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_name_that_changes_its_mind_is_not_asked_again(monkeypatch, listening):
    port = listening.server_address[1]
    answers = [["127.0.0.1"], ["10.0.0.1"]]
    looked = _resolve(monkeypatch, *answers)
    guard = AddressGuard([Origin("http", "rebinding.example", port)])
    with guarded_client(guard, timeout=QUICK) as client:
        assert client.get(f"http://rebinding.example:{port}/").status_code == 200
    assert looked == ["rebinding.example"], "judged once, and connected to what was judged"
    assert listening.asked == [("/", f"rebinding.example:{port}")]


def test_a_redirect_is_an_answer_and_is_not_followed(listening):
    port = listening.server_address[1]
    guard = AddressGuard([Origin("http", "127.0.0.1", port)])
    with guarded_client(guard, timeout=QUICK) as client:
        assert client.get(f"http://127.0.0.1:{port}/away").status_code == 302

    async def asked():
        async with guarded_async_client(guard, timeout=QUICK) as client:
            return (await client.get(f"http://127.0.0.1:{port}/away")).status_code

    assert asyncio.run(asked()) == 302
    assert [path for path, _ in listening.asked] == ["/away", "/away"]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://u:p@127.0.0.1:{port}/"]
)
def test_a_client_reaches_nothing_private(listening, monkeypatch, url):
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{listening.server_address[1]}")
    url = url.format(port=listening.server_address[1])
    with guarded_client(AddressGuard(), timeout=QUICK) as client, pytest.raises(AddressRefusedError):
        client.get(url)

    async def ask():
        async with guarded_async_client(AddressGuard(), timeout=QUICK) as client:
            await client.get(url)

    with pytest.raises(AddressRefusedError):
        asyncio.run(ask())
    assert listening.asked == []


def test_an_address_that_does_not_answer_leaves_the_next_one(monkeypatch, listening):
    port = listening.server_address[1]
    _resolve(monkeypatch, ["127.0.0.9", "127.0.0.1"])  # nobody listens on the first
    with guarded_client(AddressGuard([Origin("http", "two.example", port)]), timeout=QUICK) as client:
        assert client.get(f"http://two.example:{port}/").status_code == 200


def _resolve(monkeypatch, *answers):
    """Names resolve to these addresses, a list each time one is asked for; the names asked for come out."""
    looked, left = [], list(answers)
    real = socket.getaddrinfo

    def resolve(host, port, *rest, **more):
        if not str(host).endswith(".example"):
            return real(host, port, *rest, **more)
        looked.append(host)
        found = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return looked
