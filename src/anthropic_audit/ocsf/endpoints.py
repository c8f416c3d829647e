"""The source endpoint and the HTTP request of an event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .model import Coded, Json
from .source_event import SourceEvent
from .unmapped import Fits, Remainder, is_address, is_number, is_port, is_text, is_whole

UNKNOWN_ENDPOINT: Final[Mapping[str, Json]] = {"name": "Unknown"}
"""The endpoint of an event whose class requires one, if the vendor gives none."""

_OTHER_SYSTEM: Final[Coded] = (99, "Other")
_METHODS: Final = frozenset({"OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "CONNECT", "PATCH"})


def endpoint_of(source: SourceEvent) -> dict[str, Json] | None:
    """Return the actor's endpoint, taken from the document; None when the document has no address."""
    rest = source.rest
    endpoint = _taken(rest, {"ip": ("source.ip", is_address), "name": ("source.address", is_text)})
    if not endpoint:
        return None
    parts = {"location": _location(rest), "autonomous_system": _network(rest), "os": _system(source)}
    return {**endpoint, **{name: part for name, part in parts.items() if part}}


def request_of(rest: Remainder, *, is_about_it: bool) -> dict[str, Json]:
    """Return the HTTP request, taken from the document.

    Method and URL belong to the request only when the event is about a request (`is_about_it`); in other events a URL
    is a setting.
    """
    request = _taken(rest, {"user_agent": ("user_agent.original", is_text)})
    if is_about_it:
        request |= _taken(rest, {"http_method": ("http.request.method", _METHODS.__contains__)})
        url = _url(rest)
        if url:
            request["url"] = url
    return request


def _url(rest: Remainder) -> dict[str, Json]:
    if not is_text(rest.see("url.original")):
        return {}
    return _taken(
        rest,
        {
            "url_string": ("url.original", is_text),
            "scheme": ("url.scheme", is_text),
            "hostname": ("url.domain", is_text),
            "port": ("url.port", is_port),
            "path": ("url.path", is_text),
            "query_string": ("url.query", is_text),
        },
    )


def _location(rest: Remainder) -> dict[str, Json] | None:
    """Return the geographic location; OCSF accepts coordinates only together with a name or a postal code."""
    if rest.see("source.geo") is None:
        return None
    names: dict[str, tuple[str, Fits]] = {
        "city": ("source.geo.city_name", is_text),
        "country": ("source.geo.country_iso_code", is_text),
        "region": ("source.geo.region_iso_code", is_text),
        "postal_code": ("source.geo.postal_code", is_text),
    }
    location = _taken(rest, names)
    if not location:
        return None
    more: dict[str, tuple[str, Fits]] = {
        "continent": ("source.geo.continent_name", is_text),
        "lat": ("source.geo.location.lat", is_number),
        "long": ("source.geo.location.lon", is_number),
    }
    return location | _taken(rest, more)


def _network(rest: Remainder) -> dict[str, Json]:
    return _taken(rest, {"number": ("source.as.number", is_whole), "name": ("source.as.organization.name", is_text)})


def _system(source: SourceEvent) -> dict[str, Json] | None:
    """Return the operating system in the user agent, or None."""
    name = source.rest.take("user_agent.os.name")
    if name is None:
        return None
    type_id, kind = source.rules.systems.get(name.lower(), _OTHER_SYSTEM)
    return {
        "name": name,
        "type_id": type_id,
        "type": kind,
        **_taken(source.rest, {"version": ("user_agent.os.version", is_text)}),
    }


def _taken(rest: Remainder, paths: Mapping[str, tuple[str, Fits]]) -> dict[str, Json]:
    """Return attributes taken from the document: for each, its path there and a test of its value."""
    found = {name: rest.take(path, fits) for name, (path, fits) in paths.items()}
    return {name: value for name, value in found.items() if value is not None}
