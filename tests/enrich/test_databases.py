"""Database files: looked up, merged, replaced, missing and damaged."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from anthropic_audit.enrich import Databases

from .conftest import WriteDatabase

SPAIN = {"country": {"iso_code": "ES"}, "city": {"names": {"en": "Madrid"}}}
ITALY = {"country": {"iso_code": "IT"}, "city": {"names": {"en": "Rome"}}}
NETWORK = {"autonomous_system_number": 64500, "autonomous_system_organization": "Example Net"}


@pytest.fixture
def said() -> list[str]:
    return []


def city(databases: Databases, address: str) -> str | None:
    name: str | None = databases.of_address(address).get("geo", {}).get("city_name")
    return name


def test_location_and_network_come_from_files_of_their_own(database: WriteDatabase, said: list[str]) -> None:
    places = database({"203.0.113.0/24": SPAIN, "2001:db8::/32": ITALY})
    networks = database({"203.0.113.0/24": NETWORK}, "asn.mmdb")
    databases = Databases([places, networks], said.append)

    found = databases.of_address("203.0.113.5")

    assert found["geo"]["city_name"] == "Madrid"
    assert found["as"] == {"number": 64500, "organization": {"name": "Example Net"}}
    assert databases.of_address("2001:db8::1")["geo"]["country_name"] == "Italy"
    assert "as" not in databases.of_address("2001:db8::1")
    assert said == []


def test_the_first_file_that_knows_counts(database: WriteDatabase, said: list[str]) -> None:
    own = database({"203.0.113.0/25": {"country": {"iso_code": "ES"}}}, "own.mmdb")
    bought = database({"203.0.113.0/24": SPAIN, "198.51.100.0/24": ITALY}, "bought.mmdb")
    contrary = database({"203.0.113.0/24": ITALY | NETWORK}, "contrary.mmdb")

    assert city(Databases([own, bought], said.append), "203.0.113.5") == "Madrid", "it adds what the first one lacks"
    assert city(Databases([own, contrary], said.append), "203.0.113.5") is None, (
        "a city of another country is no addition"
    )
    assert Databases([own, contrary], said.append).of_address("203.0.113.5")["as"]["number"] == 64500
    assert city(Databases([own, bought], said.append), "198.51.100.1") == "Rome"


@pytest.mark.parametrize(
    "address",
    [
        *(
            "10.0.0.1",
            "192.168.1.1",
            "127.0.0.1",
            "169.254.0.1",
            "100.64.0.1",
            "224.0.0.1",
            "::1",
            "fe80::1",
            "fc00::1",
        ),
        *("", "nonsense", "203.0.113", "203.0.113.5:443", "fe80::1%eth0", "::ffff:nonsense", "1" * 5000, "\udc80"),
    ],
)
def test_what_is_nowhere_is_in_no_database(address: str, database: WriteDatabase, said: list[str]) -> None:
    assert Databases([database({"203.0.113.0/24": SPAIN})], said.append).of_address(address) == {}
    assert said == []


def test_a_database_of_your_own_may_know_private_addresses(database: WriteDatabase, said: list[str]) -> None:
    assert city(Databases([database({"10.1.0.0/16": SPAIN})], said.append), "10.1.2.3") == "Madrid"


def test_mapped_addresses_are_the_ones_they_map(database: WriteDatabase, said: list[str]) -> None:
    databases = Databases([database({"203.0.113.0/24": SPAIN}, ip_version=4)], said.append)

    assert city(databases, "::ffff:203.0.113.5") == city(databases, "::ffff:cb00:7105") == "Madrid"
    assert databases.of_address("2001:db8::1") == {}, "a database of IPv4 has no IPv6"
    assert said == []


def test_a_file_that_changes_is_read_again(database: WriteDatabase, said: list[str]) -> None:
    path = database({"203.0.113.0/24": SPAIN})
    databases = Databases([path], said.append)
    assert (city(databases, "203.0.113.5"), databases.refresh()) == ("Madrid", False)

    database({"203.0.113.0/24": ITALY})

    assert (databases.refresh(), databases.refresh()) == (True, False)
    assert city(databases, "203.0.113.5") == "Rome"


def test_a_missing_file_is_told_of_once_and_found_when_it_comes(
    database: WriteDatabase, said: list[str], tmp_path: Path
) -> None:
    databases = Databases([tmp_path / "city.mmdb"], said.append)

    assert not databases.refresh()
    assert databases.of_address("203.0.113.5") == {}
    (sentence,) = said
    assert str(tmp_path / "city.mmdb") in sentence
    assert "No such file" in sentence
    assert "enrichment.geoip_files" in sentence

    database({"203.0.113.0/24": SPAIN})

    assert databases.refresh()
    assert city(databases, "203.0.113.5") == "Madrid"
    assert len(said) == 1


def test_a_file_that_goes_leaves_the_one_before_in_use(database: WriteDatabase, said: list[str]) -> None:
    path = database({"203.0.113.0/24": SPAIN})
    databases = Databases([path], said.append)
    path.unlink()

    assert not databases.refresh()
    assert not databases.refresh()
    assert city(databases, "203.0.113.5") == "Madrid"
    assert len(said) == 1
    assert "remains in use" in said[0]


@pytest.mark.parametrize("content", [b"", b"no database", b"\xab\xcd\xefMaxMind.com" + b"\xff" * 50])
def test_a_file_that_is_no_database_is_told_of_once(content: bytes, said: list[str], tmp_path: Path) -> None:
    path = tmp_path / "city.mmdb"
    path.write_bytes(content)
    databases = Databases([path], said.append)

    assert not databases.refresh()
    assert databases.of_address("203.0.113.5") == {}
    assert len(said) == 1
    assert "damaged" in said[0]


def test_a_damaged_replacement_is_not_taken(database: WriteDatabase, said: list[str], tmp_path: Path) -> None:
    path = database({"203.0.113.0/24": SPAIN})
    databases = Databases([path], said.append)
    half = tmp_path / "half"
    half.write_bytes(path.read_bytes()[:200])
    half.replace(path)

    assert not databases.refresh()
    assert city(databases, "203.0.113.5") == "Madrid"
    assert len(said) == 1


def test_no_damage_fails(database: WriteDatabase, said: list[str], tmp_path: Path) -> None:
    """Change bytes all over a database; every look-up returns a result or nothing."""
    whole = database({f"203.0.113.{n}/32": SPAIN if n % 2 else ITALY | NETWORK for n in range(64)}).read_bytes()
    chance = Random(5)
    for number in range(200):
        broken = bytearray(whole)
        for _ in range(chance.randint(1, 30)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        path = tmp_path / f"{number}.mmdb"
        path.write_bytes(broken)
        said.clear()
        databases = Databases([path], said.append)
        for address in ("203.0.113.5", "203.0.113.40", "198.51.100.1", "2001:db8::1"):
            found = databases.of_address(address)
            assert set(found) <= {"geo", "as"}
        assert len(said) <= 2
