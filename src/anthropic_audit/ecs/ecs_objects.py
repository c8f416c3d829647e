"""ECS objects that are made from one value: the source from an address, the parts of a URL."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from anthropic_audit.redact import MASK, mask_url, safe_url

from .limits import MAX_ADDRESS_CHARS, MAX_REMEMBERED_CHARS
from .values import Json

_ADDRESSES = 65_536
_URLS = 4096


_HOST = re.compile(r"\[([^\]]*)\](?::[0-9]{1,5})?|([0-9.]+):[0-9]{1,5}")
"""An address in brackets, or an address with a port."""


def source_of(address: str) -> tuple[dict[str, Json], list[str]]:
    """Return `source` and `related.ip` of an actor's address; both are shared and must not be changed.

    `source.ip` is in canonical form (RFC 5952; an IPv4-mapped IPv6 address becomes IPv4). If the received text differs,
    it is stored in `source.address`. A text that is not an IP address is stored only there: Elasticsearch would refuse
    the document otherwise.
    """
    return _source_of(address) if len(address) <= MAX_ADDRESS_CHARS else ({"address": address}, [])


@lru_cache(_ADDRESSES)
def _source_of(address: str) -> tuple[dict[str, Json], list[str]]:
    read = canonical(address)
    if read is None:
        return {"address": address}, []
    return ({"ip": read} if read == address else {"address": address, "ip": read}), [read]


def canonical(address: str) -> str | None:
    """Return an IP address in canonical form, without port, zone, brackets and blanks; None for any other text."""
    text = address.strip()
    found = _HOST.fullmatch(text)
    if found:
        text = found.group(1) or found.group(2) or ""
    try:
        read = ip_address(text.partition("%")[0] if ":" in text else text)
    except ValueError:
        return None
    return str(read.ipv4_mapped or read) if isinstance(read, IPv6Address) else str(read)


def url_of(url: str) -> dict[str, Json]:
    """Return the ECS object `url` of a URL or of a path; missing and unreadable parts are left out.

    User name and password are masked, because many users can read an event.
    """
    return _url_of(url) if len(url) <= MAX_REMEMBERED_CHARS else _url_of.__wrapped__(url)


@lru_cache(_URLS)
def _url_of(url: str) -> dict[str, Json]:
    shown = safe_url(url)
    if shown.startswith(MASK) or not mask_url(shown)[1]:
        return {"original": shown}
    try:
        split = urlsplit(shown)
        port = split.port
    except ValueError:
        return {"original": shown}
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
    """Return the extension of a file's name, or None; a dot at the beginning does not start an extension."""
    stem, _, extension = name.rpartition(".")
    return extension if stem and extension and "/" not in extension else None
