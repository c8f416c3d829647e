"""Where an event came from, and the request that brought it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .model import Coded, Json
from .source_event import SourceEvent
from .unmapped import Fits, Remainder, is_address, is_number, is_port, is_text, is_whole

NOWHERE: Final[Mapping[str, Json]] = {"name": "Unknown"}
"""Stands where a class asks for an endpoint and the vendor names none."""

_OTHER_SYSTEM: Final[Coded] = (99, "Other")
_METHODS: Final = frozenset({"OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "CONNECT", "PATCH"})


def endpoint_of(case: SourceEvent) -> dict[str, Json] | None:
    """Return where the actor was, taken from the document; None when it has no address."""
    rest = case.rest
    endpoint = _taken(rest, {"ip": ("source.ip", is_address), "name": ("source.address", is_text)})
    if not endpoint:
        return None
    parts = {"location": _location(rest), "autonomous_system": _network(rest), "os": _system(case)}
    return {**endpoint, **{name: part for name, part in parts.items() if part}}


def request_of(rest: Remainder, *, is_about_it: bool) -> dict[str, Json]:
    """Return the HTTP request, taken from the document.

    A URL is the request's only where the event tells of a request; elsewhere it is one that was set up.
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
    """Return where on earth that is; OCSF takes coordinates beside a name or a postal code only."""
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


def _system(case: SourceEvent) -> dict[str, Json] | None:
    """Return the operating system that the user agent names."""
    name = case.rest.take("user_agent.os.name")
    if name is None:
        return None
    type_id, kind = case.rules.systems.get(name.lower(), _OTHER_SYSTEM)
    return {
        "name": name,
        "type_id": type_id,
        "type": kind,
        **_taken(case.rest, {"version": ("user_agent.os.version", is_text)}),
    }


def _taken(rest: Remainder, places: Mapping[str, tuple[str, Fits]]) -> dict[str, Json]:
    found = {name: rest.take(path, fits) for name, (path, fits) in places.items()}
    return {name: value for name, value in found.items() if value is not None}
