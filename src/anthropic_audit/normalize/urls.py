"""The parts of a URL, as ECS names them."""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType
from urllib.parse import urlsplit

from anthropic_audit.redact import safe_url

_CACHED = 4096


@lru_cache(_CACHED)
def url_parts(url: str) -> MappingProxyType[str, str | int]:
    """Return `url.*` of a URL or of its path alone; parts that are not there, or not readable, are left out.

    User name and password are masked: they are secrets, and an ECS document is read by many.
    """
    shown = safe_url(url)
    parts: dict[str, str | int] = {"original": shown}
    try:
        split = urlsplit(shown)
        port = split.port
    except ValueError:
        return MappingProxyType(parts)
    extension = split.path.rpartition("/")[2].rpartition(".")
    found: dict[str, str | int | None] = {
        "scheme": split.scheme,
        "domain": split.hostname,
        "port": port,
        "path": split.path,
        "extension": extension[2] if extension[0] else None,
        "query": split.query,
        "fragment": split.fragment,
    }
    return MappingProxyType(parts | {name: part for name, part in found.items() if part})
