"""One result from the records of databases with different layouts.

Databases in the MaxMind format share the file format, but not the layout of a record: GeoIP2, GeoLite2 and DB-IP nest
names by language; IPinfo and ip-location-db are flat, and use different names. A record's members show its layout; the
file's name and its `database_type` are not used. The result has the members that Elasticsearch's geoip processor
returns in ECS (`geo.*`, `as.*`), and three more that ECS has: the continent's code, the postal code and the time zone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite
from typing import Any

from anthropic_audit.documents import value_at_path

from .countries import CONTINENTS, countries

Json = Any
"""A value in a database's record."""

Path = tuple[str, ...]


def _paths(*dotted: str) -> tuple[Path, ...]:
    return tuple(tuple(path.split(".")) for path in dotted)


_COUNTRY = _paths("country.iso_code", "country_code", "country", "countryCode")
_COUNTRY_NAME = _paths("country.names.en", "country_name", "country")
_CONTINENT = _paths("continent.code", "continent_code", "continent")
_CONTINENT_NAME = _paths("continent.names.en", "continent_name", "continent")
_REGION = _paths("region_code", "region_iso_code")
_REGION_NAME = _paths("region", "region_name", "state1", "state")
_CITY = _paths("city.names.en", "city", "city_name")
_POSTAL = _paths("postal.code", "postal_code", "postcode", "postal", "zip")
_TIMEZONE = _paths("location.time_zone", "timezone", "time_zone")
_LATITUDE = _paths("location.latitude", "latitude", "lat")
_LONGITUDE = _paths("location.longitude", "longitude", "lng", "lon")
_NUMBER = _paths("autonomous_system_number", "traits.autonomous_system_number", "asn")
_ORGANIZATION = _paths(
    "autonomous_system_organization", "traits.autonomous_system_organization", "as_name", "as_organization"
)

_CODE_CHARS = 2
_REGION_CODE = re.compile(r"(?:[A-Z]{2}-)?([A-Z0-9]{1,3})")
_AS_NUMBER = re.compile(r"(?:AS)?([0-9]{1,10})", re.IGNORECASE)
_UNKNOWN_PLACE = "ZZ"
_MAX_LATITUDE = 90.0
_MAX_LONGITUDE = 180.0
_MAX_AS_NUMBER = 2**32 - 1


def geo_of(record: Json) -> dict[str, Json]:
    """Return the `geo` of ECS from a database's record; empty when the record has none.

    Missing names and the missing continent are added by the country's code; an incomplete or invalid point is left out.
    """
    if not isinstance(record, dict):
        return {}
    code = _code(record, _COUNTRY)
    country = countries().get(code or "")
    continent = _code(record, _CONTINENT) or (country.continent if country else None)
    region, region_name = _region(record, code)
    found = {
        "city_name": _text(record, _CITY),
        "continent_code": continent if continent in CONTINENTS else None,
        "continent_name": _text(record, _CONTINENT_NAME, code=False) or CONTINENTS.get(continent or ""),
        "country_iso_code": code,
        "country_name": _text(record, _COUNTRY_NAME, code=False) or (country.name if country else None),
        "location": _location(record),
        "postal_code": _text(record, _POSTAL),
        "region_iso_code": region,
        "region_name": region_name,
        "timezone": _text(record, _TIMEZONE),
    }
    return {name: value for name, value in found.items() if value is not None}


def as_of(record: Json) -> dict[str, Json]:
    """Return the `as` of ECS from a database's record; empty when the record has none."""
    if not isinstance(record, dict):
        return {}
    number = next((read for path in _NUMBER if (read := _as_number(value_at_path(record, path))) is not None), None)
    if number is None:
        return {}
    organization = _text(record, _ORGANIZATION)
    if organization is None and value_at_path(record, ("asn",)) is not None:
        organization = _text(record, _paths("name", "organization", "org"))
    return {"number": number, "organization": {"name": organization}} if organization else {"number": number}


def _text(record: Mapping[str, Json], paths: tuple[Path, ...], *, code: bool | None = None) -> str | None:
    """Return the first text at these paths, or None.

    With `code=True`, only codes of two letters count; with `code=False`, only other texts; with None, all texts.
    """
    for path in paths:
        value = value_at_path(record, path)
        if isinstance(value, str) and (text := value.strip()) and code in {None, _is_code(text)}:
            return text
    return None


def _is_code(text: str) -> bool:
    return len(text) == _CODE_CHARS and text.isascii() and text.isalpha() and text.isupper()


def _code(record: Mapping[str, Json], paths: tuple[Path, ...]) -> str | None:
    """Return the first code of two letters, or None; the code for an unknown place (`ZZ`) counts as None."""
    code = _text(record, paths, code=True)
    return None if code == _UNKNOWN_PLACE else code


def _region(record: Mapping[str, Json], country: str | None) -> tuple[str | None, str | None]:
    """Return code and name of the smallest region: of GeoIP2's last subdivision, as Elasticsearch does."""
    divisions = record.get("subdivisions")
    if isinstance(divisions, list) and divisions and isinstance(divisions[-1], dict):
        smallest = divisions[-1]
        code, name = _text(smallest, _paths("iso_code")), _text(smallest, _paths("names.en"))
    else:
        code, name = _text(record, _REGION), _text(record, _REGION_NAME)
    matched = _REGION_CODE.fullmatch(code or "")
    return (f"{country}-{matched[1]}" if matched and country else None), name


def _location(record: Mapping[str, Json]) -> dict[str, float] | None:
    latitude = _coordinate(record, _LATITUDE, _MAX_LATITUDE)
    longitude = _coordinate(record, _LONGITUDE, _MAX_LONGITUDE)
    return None if latitude is None or longitude is None else {"lat": latitude, "lon": longitude}


def _coordinate(record: Mapping[str, Json], paths: tuple[Path, ...], maximum: float) -> float | None:
    value = next((value for path in paths if (value := value_at_path(record, path)) is not None), None)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if isfinite(number) and abs(number) <= maximum else None


def _as_number(value: Json) -> int | None:
    """Return the number in `15169`, `"15169"` or `"AS15169"`; None for 0, which means no network, or an invalid one."""
    matched = _AS_NUMBER.fullmatch(str(value).strip()) if isinstance(value, int | str) else None
    number = int(matched[1]) if matched else 0
    return number if 0 < number <= _MAX_AS_NUMBER else None
