"""ECS objects that are made of one value: the source of an address, the parts of a URL, the name in an e-mail."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from anthropic_audit.redact import safe_url

from .values import Json

_ADDRESSES = 65_536
_URLS = 4096


@lru_cache(_ADDRESSES)
def source_of(address: str) -> tuple[dict[str, Json], list[str]]:
    """Return `source` and `related.ip` of an actor's address; both are shared and must not be changed.

    What is no IP address would make Elasticsearch refuse the document; it stays readable as `source.address`.
    """
    try:
        is_valid = "%" not in address and bool(ip_address(address))
    except ValueError:
        is_valid = False
    return ({"ip": address}, [address]) if is_valid else ({"address": address}, [])


@lru_cache(_URLS)
def url_of(url: str) -> dict[str, Json]:
    """Return `url` of a URL or of a path alone; parts that are not there or not readable are left out.

    User name and password are masked: an event is read by many.
    """
    try:
        shown = safe_url(url)
        split = urlsplit(shown)
        port = split.port
    except ValueError:
        return {"original": url}
    folder, _, name = split.path.rpartition("/")
    extension = name[1:] if folder and name.startswith(".") and "." not in name[1:] else extension_of(name)
    parts = {
        "original": shown,
        "scheme": split.scheme,
        "domain": split.hostname,
        "port": port,
        "path": split.path,
        "extension": extension,
        "query": split.query,
        "fragment": split.fragment,
    }
    return {name: part for name, part in parts.items() if part}


def extension_of(name: str) -> str | None:
    """Return what follows the last dot of a file's name, or None; a dot at its beginning only hides a file."""
    stem, _, extension = name.rpartition(".")
    return extension if stem and extension and "/" not in extension else None
