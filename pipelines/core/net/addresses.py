"""Addresses on the network that somebody else names: read strictly, resolved once, and checked before a connection.

A host is judged by every address it resolves to, and the connection goes to an address that was judged
(`transports.py`): a name that answers otherwise a moment later (DNS rebinding) leads nowhere else. Spellings do not
matter then: whatever a resolver makes of `0x7f.1` or `2130706433` is judged as the address it is.
"""

import asyncio
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any
from urllib.parse import urlsplit

from pipelines.core.errors import AddressRefusedError, AddressUnreachableError

LONGEST_URL = 8192
"""Signed addresses of recordings take some thousand characters."""
PORTS = {"http": 80, "https": 443}
LOWEST_PORT = 1024
"""Below it only the ports of http and https are reached: the others belong to mail, file shares and the like."""

_GLOBAL_V6 = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a URL leads: scheme, host in lower case (an IPv6 address without brackets), port."""

    scheme: str
    host: str
    port: int


def origin_of(url: str) -> Origin:
    """The origin of an http or https URL.

    Raises:
        AddressRefusedError: it is none, or carries a user name, a password or characters no URL may have.
    """
    if len(url) > LONGEST_URL or not url.isprintable() or any(char in url for char in " \\"):
        raise AddressRefusedError("This is no web address.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressRefusedError("This is no web address.") from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise AddressRefusedError("Web addresses begin with https:// or http:// and a host.")
    if "@" in parts.netloc:
        raise AddressRefusedError("A web address must not carry a user name or a password.")
    return Origin(parts.scheme, parts.hostname.rstrip("."), PORTS[parts.scheme] if port is None else port)


class AddressGuard:
    """Judges hosts: those that the operator named may stand in a private network, all others must be public.

    Args:
        trusted: origins that the operator named; link-local addresses (where clouds keep their secrets) stay closed.
    """

    def __init__(self, trusted: Iterable[Origin] = ()) -> None:
        self._trusted = {(origin.host, origin.port) for origin in trusted}

    def check_origin(self, origin: Origin) -> None:
        """Refuse at once what needs no resolver: a port that is not for the web, an address in a private network.

        Raises:
            AddressRefusedError
        """
        if self._is_trusted(origin.host, origin.port):
            return
        if origin.port < LOWEST_PORT and origin.port not in PORTS.values():
            raise AddressRefusedError(f"Port {origin.port} of {origin.host} is not for the web.")
        try:
            literal = ip_address(origin.host)
        except ValueError:
            return
        self._judge(origin.host, origin.port, [str(literal)])

    def addresses(self, host: str, port: int) -> list[str]:
        """IP addresses of a host, any of which may be connected to.

        Raises:
            AddressRefusedError: one of them may not, or the port may not.
            AddressUnreachableError: the host is not known.
        """
        self.check_origin(Origin("https", host, port))
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise _unknown(host) from None
        return self._judge(host, port, _listed(found))

    async def addresses_async(self, host: str, port: int) -> list[str]:
        """The same without holding up the event loop.

        Raises:
            AddressRefusedError, AddressUnreachableError
        """
        self.check_origin(Origin("https", host, port))
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise _unknown(host) from None
        return self._judge(host, port, _listed(found))

    def _is_trusted(self, host: str, port: int) -> bool:
        return (host.lower().rstrip("."), port) in self._trusted

    def _judge(self, host: str, port: int, found: Sequence[str]) -> list[str]:
        allowed = is_ordinary if self._is_trusted(host, port) else is_public
        try:
            refused = not all(allowed(ip_address(address)) for address in found)
        except ValueError:
            refused = True
        if refused:
            raise AddressRefusedError(f"{host} leads into a private network, from which nothing is fetched.")
        if not found:
            raise _unknown(host)
        return list(found)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address belongs to a host on the internet, whichever way it is written into IPv6."""
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast and not address.is_reserved
    carried = _carried(address)
    if carried is not None:
        return is_public(carried)
    return address in _GLOBAL_V6 and address.is_global and not address.is_multicast


def is_ordinary(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address belongs to one host, on the internet or in a private network, and is not link-local."""
    if isinstance(address, IPv6Address):
        carried = _carried(address)
        if carried is not None:
            return is_ordinary(carried)
        if address.is_loopback:
            return True
    return not (address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved)


def _carried(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that packets to an IPv6 address end at: mapped, 6to4, NAT64; None: it is none of these."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour


def _listed(found: Sequence[tuple[Any, ...]]) -> list[str]:
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _unknown(host: str) -> AddressUnreachableError:
    return AddressUnreachableError(f"The host {host} cannot be found.")
