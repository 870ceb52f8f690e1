"""Where a chat address that a person has typed may lead: out, and not into our own network.

A name is looked up once, and what is connected to is what it was found to be: looked up again it
could be another. What an admin has listed in NOTIFY_PRIVATE_HOSTS is let through. (With Apprise
this loads slowly, and is itself loaded when something is to be sent.)
"""

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from ipaddress import ip_address, ip_network
from typing import Any

from apprise.utils.http import HTTPPolicy, is_public_ip_address
from urllib3.util import connection

# Not even when listed: the machine's own neighbours and the cloud's keys (169.254.169.254).
NEVER = [
    ip_network(network)
    for network in (
        "0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "::/128", "fe80::/10", "ff00::/8",
        "fd00:ec2::/32",
    )
]  # fmt: skip
# Where a chat server answers; a database or a mail server does not speak first.
PORTS = {80, 443, 2586, 3000, 8008, 8065, 8080, 8443, 8448}
LOOK_UP = 4.0


class Watch:
    """What may be reached just now, and whether something else was tried."""

    def __init__(self, private: Sequence[str]) -> None:
        self.private = private
        self.has_refused = False

    def lets(self, host: str, port: int, address: str) -> bool:
        """Whether that address, by which the host is known, may be connected to."""
        found = ip_address(address)
        found = getattr(found, "ipv4_mapped", None) or found
        if any(found in network for network in NEVER):
            return False
        if is_public_ip_address(str(found)):
            return port in PORTS or self._lists(host, found)
        return self._lists(host, found)

    def is_listed(self, host: str) -> bool:
        """Whether an admin has named the host, or the network that its address is of."""
        try:
            return self._lists(host, ip_address(host))
        except ValueError:
            return self._lists(host, None)

    def policy(self, host: str, port: int) -> HTTPPolicy:
        """Apprise's own: it looks up once, and connects to nothing but what passed."""

        def passes(address: str) -> bool:
            lets = self.lets(host, port, address)
            self.has_refused |= not lets
            return lets

        return HTTPPolicy(address_filter=passes, resolve_timeout=LOOK_UP)

    def find(self, host: str, port: int) -> bool:
        """Whether there is a host of that name that may be reached."""
        try:
            return bool(self.policy(host, port).resolve(host, port))
        except (OSError, UnicodeError):
            return False

    def _lists(self, host: str, address: Any) -> bool:
        for entry in self.private:
            if entry == host.lower():
                return True
            try:
                if address is not None and address in ip_network(entry, strict=False):
                    return True
            except ValueError:
                continue
        return False


WATCH: ContextVar[Watch | None] = ContextVar("watch", default=None)
plain = connection.create_connection


def watched(address: tuple[str, int], *args: Any, **kwargs: Any) -> socket.socket:
    """urllib3's create_connection(), under the watch of whoever is sending."""
    watch = WATCH.get()
    if watch is None:
        return plain(address, *args, **kwargs)
    host, port = address
    host = host.strip("[]")
    try:
        return watch.policy(host, port).create_connection(host, port, *args, **kwargs)
    except UnicodeError as error:
        raise OSError(str(error)) from error


# Apprise's plugins call requests themselves, and take no session that would do this.
connection.create_connection = watched


@contextmanager
def watching(watch: Watch | None) -> Iterator[None]:
    """Let what is sent in here connect only to what the watch lets through."""
    token = WATCH.set(watch)
    try:
        yield
    finally:
        WATCH.reset(token)
