"""Where a webhook may go: to no address of this machine, of its network, or of nobody in particular.

Whoever may name an address could otherwise have our workers ask what only they can reach.
"""

import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings

Resolver = Callable[..., list[Any]]
"""As `socket.getaddrinfo`."""

# What Python's `is_global` lets pass: IPv6 that is carried on to an IPv4 address which stands inside (NAT64, 6to4,
# Teredo), and what IANA keeps for protocols and examples.
SPECIAL = [
    ip_network(text)
    for text in (
        *("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/23", "3fff::/20", "5f00::/16"),
        *("192.0.0.0/24", "192.88.99.0/24"),
    )
]
PORTS = {"https": 443, "http": 80}


class ForbiddenAddressError(ValueError):
    """A webhook must not go there; the text says why."""


class Target(NamedTuple):
    is_secure: bool
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        name = f"[{self.host}]" if ":" in self.host else self.host
        is_usual = self.port == PORTS["https" if self.is_secure else "http"]
        return name if is_usual else f"{name}:{self.port}"


def target_of(url: str) -> Target:
    """
    Raises
    ------
    ForbiddenAddressError
        It is none that a webhook may have, whatever its name leads to.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
        host = host if ":" in host else host.encode("idna").decode()
    except ValueError as error:
        raise ForbiddenAddressError("this is no address") from error
    if parts.scheme != "https" and not (settings.WEBHOOK_PRIVATE_ADDRESSES and parts.scheme == "http"):
        raise ForbiddenAddressError("it must begin with https://")
    if not host or parts.username is not None or parts.password is not None or parts.fragment:
        raise ForbiddenAddressError("it must name a server, and neither an account nor a fragment")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii() or not path.isprintable() or " " in path:
        raise ForbiddenAddressError("its path has characters that an address can't have")
    _check_literal(host)
    return Target(parts.scheme == "https", host, port or PORTS[parts.scheme], path)


def _check_literal(host: str) -> None:
    """Told at once where no name has to be asked for; the sending looks anyway."""
    try:
        address = ip_address(host)
    except ValueError:
        return
    _check(str(address))


def addresses(target: Target, resolve: Resolver) -> list[str]:
    """What the name leads to, asked once. One address that is forbidden spoils all: who mixes them means harm.

    Raises
    ------
    ForbiddenAddressError
        It leads inside, or nowhere.
    OSError
        The name can't be resolved.
    """
    found = resolve(target.host, target.port, type=socket.SOCK_STREAM)
    unique = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not unique:
        raise ForbiddenAddressError(f"{target.host} has no address")
    for address in unique:
        _check(address)
    return unique


def _check(address: str) -> None:
    if not (settings.WEBHOOK_PRIVATE_ADDRESSES or is_public(address)):
        raise ForbiddenAddressError(f"{address} is no public address")


def is_public(text: str) -> bool:
    """
    >>> [is_public(text) for text in ("93.184.215.14", "2606:2800:21f::1", "::ffff:10.0.0.1", "169.254.169.254")]
    [True, True, False, False]
    """
    address: IPv4Address | IPv6Address = ip_address(text)
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return is_public(str(address.ipv4_mapped))
        if address.is_site_local:
            return False
    is_special = address.is_multicast or address.is_reserved or any(address in network for network in SPECIAL)
    return address.is_global and not is_special
