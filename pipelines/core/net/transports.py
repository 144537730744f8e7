"""HTTP clients for addresses that somebody else names: connections go to what the guard has judged, and stay there.

A redirect is an answer like any other (who follows one asks anew, with its address judged again), no proxy of the
environment stands between, and no connection is kept: one that was made for a name is never used for another.
"""

import httpx2

from pipelines.core.errors import AddressRefusedError
from pipelines.core.net.addresses import PORTS, AddressGuard

_NO_REUSE = httpx2.Limits(max_keepalive_connections=0)


def guarded_client(guard: AddressGuard, *, timeout: httpx2.Timeout) -> httpx2.Client:
    """A client that connects to nothing the guard refuses.

    Its requests raise AddressRefusedError and AddressUnreachableError beside httpx2's own.
    """
    return _Client(transport=_Guarded(guard), timeout=timeout, follow_redirects=False, trust_env=False)


def guarded_async_client(guard: AddressGuard, *, timeout: httpx2.Timeout) -> httpx2.AsyncClient:
    """The same for asyncio."""
    return httpx2.AsyncClient(transport=_AsyncGuarded(guard), timeout=timeout, follow_redirects=False, trust_env=False)


def direct_client(*, timeout: httpx2.Timeout) -> httpx2.Client:
    """A client for addresses of the operator's: only redirects are not followed."""
    return _Client(timeout=timeout, follow_redirects=False)


class _Client(httpx2.Client):
    """Closes its connections when nobody holds it any more."""

    def __del__(self) -> None:
        if not self.is_closed:
            self.close()


class _Guarded(httpx2.BaseTransport):
    def __init__(self, guard: AddressGuard) -> None:
        self._guard = guard
        self._inner = httpx2.HTTPTransport(limits=_NO_REUSE)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        host, port = _target(request)
        addresses = self._guard.addresses(host, port)
        for address in addresses[:-1]:
            try:
                return self._inner.handle_request(_pinned(request, host, address))
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                continue  # nothing was sent yet: the next address may answer
        return self._inner.handle_request(_pinned(request, host, addresses[-1]))

    def close(self) -> None:
        self._inner.close()


class _AsyncGuarded(httpx2.AsyncBaseTransport):
    def __init__(self, guard: AddressGuard) -> None:
        self._guard = guard
        self._inner = httpx2.AsyncHTTPTransport(limits=_NO_REUSE)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        host, port = _target(request)
        addresses = await self._guard.addresses_async(host, port)
        for address in addresses[:-1]:
            try:
                return await self._inner.handle_async_request(_pinned(request, host, address))
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                continue
        return await self._inner.handle_async_request(_pinned(request, host, addresses[-1]))

    async def aclose(self) -> None:
        await self._inner.aclose()


def _target(request: httpx2.Request) -> tuple[str, int]:
    """Host and port as this client itself reads them: two readers of one address could disagree."""
    url = request.url
    host, port = url.raw_host.decode("ascii").strip("[]").rstrip("."), url.port or PORTS.get(url.scheme)
    if not host or port is None or url.userinfo:
        raise AddressRefusedError("This is no web address that is fetched from.")
    return host, port


def _pinned(request: httpx2.Request, host: str, address: str) -> httpx2.Request:
    """The request, sent to `address`: its Host header and the name in its certificate stay those of `host`."""
    return httpx2.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )
