"""The proxy that requests go through, and the setting or variable that names it, without user name and password."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from anthropic_audit.redact import safe_url

_NO = "no"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy as messages name it."""

    url: str
    """Without user name and password."""
    source: str
    """The setting or the environment variable that names it."""

    def __str__(self) -> str:
        return f"the proxy {self.url} ({self.source})"


def proxy_of(url: str, proxy_url: str, environment: Mapping[str, str] | None = None) -> Proxy | None:
    """Return the proxy that requests to a URL go through, or None.

    Args:
        url: Where requests are sent.
        proxy_url: The setting, which takes precedence over the environment.
        environment: Proxies by scheme; None reads them from the environment or the system.
    """
    if proxy_url:
        return Proxy(safe_url(proxy_url), "proxy_url")
    named = getproxies() if environment is None else environment
    parts = urlsplit(url)
    scheme = next((name for name in (parts.scheme, "all") if named.get(name)), None)
    if scheme is None or proxy_bypass(parts.hostname or ""):
        return None
    return Proxy(safe_url(named[scheme]), variable_of(scheme))


def variable_of(scheme: str) -> str:
    """Return the environment variable that names the proxy of a scheme."""
    return f"{scheme.upper()}_PROXY"


def variables() -> dict[str, str]:
    """Return the environment's variables that name proxies, with their URLs."""
    return {variable_of(scheme): url for scheme, url in getproxies().items() if scheme != _NO}
