"""Believing a reverse proxy, and nobody else, about who is asking."""

from collections.abc import Callable, Iterable
from ipaddress import ip_address, ip_network
from typing import Any


class TrustedProxies:
    """WSGI middleware: take the client's address and scheme from proxies of TRUSTED_PROXIES.

    X-Forwarded-For is read from its end, the only part that our own proxies wrote. Anything
    that a stranger sends is dropped. X-Forwarded-Host is never believed.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]], trusted: list[str]) -> None:
        self.app = app
        self.networks = [ip_network(address, strict=False) for address in trusted]

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        forwarded = environ.pop("HTTP_X_FORWARDED_FOR", "")
        scheme = environ.pop("HTTP_X_FORWARDED_PROTO", "").strip().lower()
        environ.pop("HTTP_X_FORWARDED_HOST", None)
        if self._is_trusted(environ.get("REMOTE_ADDR", "")):
            hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
            while hops:
                address = hops.pop()
                if not _is_address(address):
                    break
                environ["REMOTE_ADDR"] = address
                if not self._is_trusted(address):
                    break
            if scheme in ("http", "https"):
                environ["wsgi.url_scheme"] = scheme
        return self.app(environ, start_response)

    def _is_trusted(self, address: str) -> bool:
        return _is_address(address) and any(
            ip_address(address) in network for network in self.networks
        )


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
