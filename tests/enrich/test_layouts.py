"""One result from the records of databases with different layouts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_audit.enrich import as_of, geo_of
from anthropic_audit.enrich.countries import CONTINENTS, countries

MADRID = {
    "city_name": "Madrid",
    "continent_code": "EU",
    "continent_name": "Europe",
    "country_iso_code": "ES",
    "country_name": "Spain",
    "location": {"lat": 40.4165, "lon": -3.7026},
    "postal_code": "28001",
    "region_iso_code": "ES-MD",
    "region_name": "Madrid",
    "timezone": "Europe/Madrid",
}

RECORDS: dict[str, tuple[Any, dict[str, Any]]] = {
    "GeoIP2 and GeoLite2": (
        {
            "city": {"geoname_id": 3117735, "names": {"en": "Madrid", "ja": "マドリード"}},
            "continent": {"code": "EU", "names": {"en": "Europe", "de": "Europa"}},
            "country": {"iso_code": "ES", "names": {"en": "Spain", "de": "Spanien"}},
            "registered_country": {"iso_code": "FR", "names": {"en": "France"}},
            "location": {
                "latitude": 40.4165,
                "longitude": -3.7026,
                "time_zone": "Europe/Madrid",
                "accuracy_radius": 20,
            },
            "postal": {"code": "28001"},
            "subdivisions": [
                {"iso_code": "XX", "names": {"en": "A larger one"}},
                {"iso_code": "MD", "names": {"en": "Madrid"}},
            ],
        },
        MADRID,
    ),
    "DB-IP": (
        {
            "city": {"names": {"en": "Madrid"}},
            "continent": {"code": "EU", "names": {"en": "Europe"}},
            "country": {"iso_code": "ES", "is_in_european_union": True, "names": {"en": "Spain"}},
            "location": {"latitude": 40.4165, "longitude": -3.7026},
            "subdivisions": [{"names": {"en": "Madrid"}}],
        },
        {name: value for name, value in MADRID.items() if name not in {"postal_code", "region_iso_code", "timezone"}},
    ),
    "IPinfo location": (
        {
            "city": "Madrid",
            "country": "ES",
            "lat": "40.4165",
            "lng": "-3.7026",
            "postal_code": "28001",
            "region": "Madrid",
            "region_code": "MD",
            "timezone": "Europe/Madrid",
        },
        MADRID,
    ),
    "IPinfo Lite": (
        {
            "asn": "AS3352",
            "as_name": "TELEFONICA DE ESPANA",
            "as_domain": "telefonica.com",
            "continent": "Europe",
            "continent_code": "EU",
            "country": "Spain",
            "country_code": "ES",
        },
        {name: MADRID[name] for name in ("continent_code", "continent_name", "country_iso_code", "country_name")},
    ),
    "IPinfo country": (
        {"continent": "EU", "continent_name": "Europe", "country": "ES", "country_name": "Spain"},
        {name: MADRID[name] for name in ("continent_code", "continent_name", "country_iso_code", "country_name")},
    ),
    "ip-location-db city": (
        {
            "city": "Madrid",
            "country_code": "ES",
            "latitude": 40.4165,
            "longitude": -3.7026,
            "postcode": "28001",
            "state1": "Madrid",
            "state2": "",
            "timezone": "Europe/Madrid",
        },
        {name: value for name, value in MADRID.items() if name != "region_iso_code"},
    ),
    "a code alone": (
        {"country": {"iso_code": "ES"}},
        {name: MADRID[name] for name in ("continent_code", "continent_name", "country_iso_code", "country_name")},
    ),
}


@pytest.mark.parametrize("layout", RECORDS)
def test_every_layout_gives_the_same_members(layout: str) -> None:
    record, expected = RECORDS[layout]

    assert geo_of(record) == expected


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"autonomous_system_number": 3352, "autonomous_system_organization": "Telefonica"}, (3352, "Telefonica")),
        ({"traits": {"autonomous_system_number": 3352}}, (3352, None)),
        ({"asn": "AS3352", "as_name": "Telefonica", "country_code": "ES"}, (3352, "Telefonica")),
        ({"asn": "AS3352", "name": "Telefonica", "domain": "telefonica.com"}, (3352, "Telefonica")),
        ({"asn": "3352", "as_organization": "Telefonica"}, (3352, "Telefonica")),
        ({"autonomous_system_number": "3352"}, (3352, None)),
        ({"autonomous_system_number": 0, "autonomous_system_organization": "not routed"}, None),
        ({"asn": "unknown"}, None),
        ({"asn": 2**32}, None),
        ({"name": "of no network"}, None),
    ],
)
def test_networks_are_read_in_every_spelling(record: dict[str, Any], expected: tuple[int, str | None] | None) -> None:
    found = as_of(record)

    if expected is None:
        assert found == {}
    else:
        number, name = expected
        assert found == ({"number": number, "organization": {"name": name}} if name else {"number": number})


@pytest.mark.parametrize(
    "point",
    [
        {"latitude": 40.4},
        {"longitude": -3.7},
        {"latitude": 90.1, "longitude": 0.0},
        {"latitude": 0.0, "longitude": -180.5},
        {"latitude": "north", "longitude": "east"},
        {"latitude": float("nan"), "longitude": 0.0},
        {"latitude": "inf", "longitude": 0.0},
        {"latitude": True, "longitude": 0.0},
        {"latitude": 10**400, "longitude": 0.0},
    ],
)
def test_half_a_point_is_none(point: dict[str, Any]) -> None:
    assert geo_of({"location": point}) == {}
    assert geo_of(point) == {}


def test_what_stands_for_nothing_tells_nothing() -> None:
    assert geo_of({"country": {"iso_code": "ZZ"}, "continent": {"code": "ZZ"}, "city": {"names": {"en": " "}}}) == {}
    assert geo_of({"region_code": "MD"}) == {}, "a region's code means something in its country only"
    assert geo_of(None) == geo_of("ES") == geo_of([]) == {}
    assert as_of(None) == {}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["en", "code", "names"]), inner),
    max_leaves=6,
)
NAMES = st.sampled_from(
    [
        "city",
        "continent",
        "country",
        "country_code",
        "continent_code",
        "location",
        "latitude",
        "longitude",
        "lat",
        "lng",
        "postal",
        "subdivisions",
        "region",
        "region_code",
        "asn",
        "as_name",
        "name",
        "autonomous_system_number",
        "autonomous_system_organization",
        "traits",
        "timezone",
    ]
)
TEXTS = {*MADRID} - {"location"}


@given(st.dictionaries(NAMES, VALUES))
def test_no_record_is_too_strange(record: dict[str, Any]) -> None:
    geo, network = geo_of(record), as_of(record)

    assert set(geo) <= set(MADRID)
    assert all(isinstance(geo[name], str) and geo[name].strip() for name in TEXTS & set(geo))
    if "location" in geo:
        assert -90 <= geo["location"]["lat"] <= 90
        assert -180 <= geo["location"]["lon"] <= 180
    assert not network or 0 < network["number"] < 2**32


def test_every_country_lies_on_a_continent() -> None:
    assert len(countries()) == 250
    assert {country.continent for country in countries().values()} == set(CONTINENTS)
    assert all(len(code) == 2 and country.name.strip() == country.name for code, country in countries().items())
